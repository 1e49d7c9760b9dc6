import { describe, expect, it } from "vitest";
import { groupFailures } from "../../../../../src/admin/ui/pages/run-failures.ts";
import {
  EMPTY_RUN_FORM,
  readRunForm,
  readSlugs,
} from "../../../../../src/admin/ui/pages/run-form.ts";
import { addSample, paceOf, type Sample } from "../../../../../src/admin/ui/pages/run-pace.ts";
import {
  isResumable,
  runOptions,
  runTitle,
  whyStopped,
} from "../../../../../src/admin/ui/pages/run-words.ts";

describe("failures of a run", () => {
  it("are one group where only the tenant's own name differs", () => {
    const missing = (slug: string): object => ({
      code: "MIGRATION_FAILED",
      message: `relation "tenant_${slug.replaceAll("-", "_")}.notes" of ${slug} does not exist`,
    });
    const failures = [
      { code: "TENANT_BUSY", message: null, slug: "initech" },
      { slug: "acme-one", ...missing("acme-one") },
      { slug: "globex", ...missing("globex") },
    ] as Parameters<typeof groupFailures>[0];
    expect(groupFailures(failures)).toEqual([
      { ...missing("acme-one"), slugs: ["acme-one", "globex"] },
      { code: "TENANT_BUSY", message: null, slugs: ["initech"] },
    ]);
  });

  it("name a tenant once, whatever comes twice", () => {
    const failure = { code: "SEED_FAILED", message: "no", slug: "acme" };
    expect(groupFailures([failure, failure])).toEqual([
      { code: "SEED_FAILED", message: "no", slugs: ["acme"] },
    ]);
    expect(groupFailures([])).toEqual([]);
  });
});

describe("pace of a run", () => {
  const samples = (...done: readonly number[]): Sample[] =>
    done.reduce<Sample[]>(
      (all, count, second) => addSample(all, { at: second * 1_000, done: count }),
      [],
    );

  it("tells the rate and the time that is left", () => {
    expect(paceOf(samples(0, 10, 20), 120, 2_000)).toEqual({ perSecond: 10, secondsLeft: 10 });
  });

  it("is not known before two samples, nor infinite while nothing moves", () => {
    expect(paceOf([], 10, 0)).toBeNull();
    expect(paceOf(samples(5), 10, 60_000)).toBeNull();
    expect(paceOf(samples(0, 10), 20, 101_000)?.perSecond).toBeLessThan(1);
  });

  it("forgets what is long ago, and never the last sample", () => {
    const old = samples(0, 1_000);
    expect(addSample(old, { at: 100_000, done: 1_001 })).toEqual([
      { at: 1_000, done: 1_000 },
      { at: 100_000, done: 1_001 },
    ]);
  });
});

describe("the form of a run", () => {
  const dryRun = { dryRun: true };

  it("becomes a request without what is left empty", () => {
    expect(readRunForm(EMPTY_RUN_FORM, dryRun)).toEqual({
      request: { dryRun: true, verb: "migrate" },
    });
    const form = {
      ...EMPTY_RUN_FORM,
      canary: "acme, globex\nacme",
      concurrency: "8",
      maxFailures: " 2.5 % ",
      perSecond: "0.5",
      steps: "3",
    };
    expect(readRunForm(form, { dryRun: false })).toEqual({
      request: {
        canary: ["acme", "globex"],
        concurrency: 8,
        maxFailures: "2.5%",
        perSecond: 0.5,
        verb: "migrate",
      },
    });
  });

  it.each([
    ["maxFailures", "-1"],
    ["maxFailures", "101%"],
    ["maxFailures", "many"],
    ["concurrency", "0"],
    ["concurrency", "1001"],
    ["concurrency", "1.5"],
    ["perSecond", "0"],
    ["perSecond", "Infinity"],
    ["perSecond", "fast"],
  ])("refuses %s of %s", (field, value) => {
    expect(readRunForm({ ...EMPTY_RUN_FORM, [field]: value }, dryRun)).toEqual({
      errors: { [field]: expect.any(String) as string },
    });
  });

  it("asks for the word before anything is rolled back, not before a look", () => {
    const form = { ...EMPTY_RUN_FORM, steps: "2", verb: "rollback" as const };
    expect(readRunForm(form, { dryRun: false })).toEqual({
      errors: { confirm: expect.any(String) as string },
    });
    expect(readRunForm(form, dryRun)).toEqual({
      request: { dryRun: true, steps: 2, verb: "rollback" },
    });
    expect(readRunForm({ ...form, confirm: "rollback" }, { dryRun: false })).toEqual({
      request: { confirm: "rollback", steps: 2, verb: "rollback" },
    });
  });

  it("reads slugs, however they are separated", () => {
    expect(readSlugs(" a,b;c\n d  a ")).toEqual(["a", "b", "c", "d"]);
    expect(readSlugs("")).toEqual([]);
  });
});

describe("words for a run", () => {
  it("say what it does and why it ended", () => {
    expect(runTitle({ latestVersion: "3", verb: "migrate" })).toBe("Migrate to 3");
    expect(runTitle({ latestVersion: "3", verb: "rollback" })).toBe("Roll back");
    expect(whyStopped({ state: "done", stopped: null })).toBeNull();
    expect(whyStopped({ state: "failed", stopped: "canary" })).toContain("canary");
    expect(whyStopped({ state: "died", stopped: null })).toContain("process");
    expect(whyStopped({ state: "failed", stopped: "unheard-of" })).toContain("unheard-of");
  });

  it("offer to take up what is left, once", () => {
    expect(isResumable({ resumedBy: null, state: "failed" })).toBe(true);
    expect(isResumable({ resumedBy: "9", state: "failed" })).toBe(false);
    expect(isResumable({ resumedBy: null, state: "done" })).toBe(false);
  });

  it("name its options", () => {
    expect(runOptions({ canary: ["a", "b"], maxFailures: "5%", verify: false })).toEqual([
      { label: "Canary", slugs: ["a", "b"], value: "a, b" },
      { label: "Failures allowed", slugs: null, value: "5%" },
    ]);
  });
});
