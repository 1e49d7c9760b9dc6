import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { FleetResult } from "../../../src/core/fleet.ts";
import type { Migration } from "../../../src/core/migrator.ts";
import { describeEngines, inWords } from "../../support/engines.ts";
import { code, CREATE_NOTE, createWorld, type World } from "../lifecycle/world.ts";

/** Fails for tenants whose note says so. */
const PICKY: Migration = {
  down: "drop table picky",
  file: "20260101000002_picky.sql",
  name: "picky",
  up: "create table picky (id int not null);\ninsert into picky select case when count(*) = 0 then null else 1 end from note where body <> 'bad'",
  version: "20260101000002",
};
const TAGS: Migration = {
  down: "drop table tags",
  name: "tags",
  up: "create table tags (id int)",
  version: "20260101000003",
};
const SLUGS = ["t0", "t1", "t2", "t3", "t4", "t5"];

describeEngines("the records of fleet runs", (engine) => {
  let world: World;
  let ahead: ReturnType<World["another"]>;

  beforeAll(async () => {
    world = await createWorld({}, engine);
    ahead = world.another({ migrations: { global: [], tenant: [CREATE_NOTE, PICKY] } });
  });

  afterAll(() => world.close());

  beforeEach(async () => {
    const { rows } = await world.contents();
    for (const { slug } of rows) await world.tenancy.drop(slug as string);
    await world.run("delete from kirayedar_runs");
    for (const slug of SLUGS) await world.tenancy.create(slug);
  });

  async function mark(slug: string, body: string): Promise<void> {
    await world.tenancy.withTenant(slug, () =>
      world.tenancy.query(`update note set body = '${body}'`),
    );
  }

  const changed = ({ results }: FleetResult): string[] =>
    results
      .filter(({ ok }) => ok)
      .map(({ tenant }) => tenant)
      .toSorted();

  async function ids(): Promise<Record<string, string>> {
    const entries = SLUGS.map(async (slug) => [slug, (await world.tenancy.get(slug)).id]);
    return Object.fromEntries((await Promise.all(entries)) as [string, string][]);
  }

  it("tell what was done, by whom, and with which options", async () => {
    const { runId } = await ahead.migrateAll({ except: ["t5"], to: PICKY.version });
    const [run, ...others] = await ahead.fleetRuns();
    expect(others).toEqual([]);
    expect(run).toMatchObject({
      counts: { changed: 5, failed: 0, notReached: 0, unchanged: 0 },
      id: runId,
      latestVersion: PICKY.version,
      options: { except: ["t5"], to: PICKY.version },
      pid: process.pid,
      resumedBy: null,
      resumes: null,
      state: "done",
      stopped: null,
      verb: "migrate",
    });
    expect(Object.keys(run?.options ?? {})).toEqual(["except", "to"]);
    expect(run?.endedAt).toBeInstanceOf(Date);
    expect(run?.host).not.toBe("");
  });

  it("are not made where nothing is to be done, nor in a dry run", async () => {
    expect(await ahead.migrateAll({ dryRun: true })).not.toHaveProperty("runId");
    await ahead.migrateAll();
    expect(await ahead.migrateAll()).not.toHaveProperty("runId");
    expect(await ahead.fleetRuns()).toHaveLength(1);
  });

  it("name who failed, and quote no values of rows", async () => {
    await mark("t2", "bad");
    const { runId = "" } = await ahead.migrateAll();
    const run = await ahead.fleetRun(runId);
    expect(run).toMatchObject({ counts: { changed: 5, failed: 1 }, state: "failed" });
    expect(run?.tenants).toMatchObject([
      { code: "MIGRATION_FAILED", id: (await ids())["t2"], outcome: "failed", slug: "t2" },
    ]);
    expect(run?.tenants[0]?.message).toMatch(/^20260101000002_picky\.sql:2, SQLSTATE \w+$/);
  });

  it("name who was not reached, and why", async () => {
    await mark("t0", "bad");
    const { runId = "" } = await ahead.migrateAll({ canary: ["t0"], maxFailures: "5%" });
    const run = await ahead.fleetRun(runId, { limit: 3 });
    expect(run).toMatchObject({
      counts: { failed: 1, notReached: 5 },
      options: { canary: ["t0"], maxFailures: "5%" },
      stopped: "canary",
    });
    expect(run?.tenants.map(({ outcome, slug }) => [outcome, slug])).toEqual([
      ["failed", "t0"],
      ["notReached", "t1"],
      ["notReached", "t2"],
    ]);
  });

  it("are found by their numbers alone", async () => {
    for (const id of ["0", "-1", "x", "9".repeat(40), "1 or 1"]) {
      expect(await ahead.fleetRun(id)).toBeUndefined();
    }
    await expect(ahead.fleetRun("1", { limit: -1 })).rejects.toMatchObject(code("INVALID_QUERY"));
  });

  it("are kept of the last fifty runs alone", async () => {
    for (let round = 0; round < 26; round += 1) {
      await ahead.migrateAll({ only: ["t0"] });
      await ahead.rollbackAll({ only: ["t0"] });
    }
    const runs = await ahead.fleetRuns();
    expect(runs).toHaveLength(50);
    expect(runs[0]?.verb).toBe("rollback");
  });

  it("do not stop a run that cannot be written down", async () => {
    await world.run("alter table kirayedar_runs rename to hidden_runs");
    try {
      const result = await ahead.migrateAll();
      expect(result).toMatchObject({ counts: { changed: 6 }, ok: true });
      expect(result).not.toHaveProperty("runId");
      expect(world.log.map(({ message }) => message)).toContain("fleet run not recorded");
      await expect(ahead.migrateAll({ resume: true })).rejects.toMatchObject(
        code("REGISTRY_MISSING"),
      );
    } finally {
      await world.run("alter table hidden_runs rename to kirayedar_runs");
    }
  });

  it("say of a run that broke that nobody knows whom it did not reach", async () => {
    const broken = ahead.migrateAll({
      concurrency: 1,
      onProgress: () => {
        throw new Error("no terminal");
      },
    });
    await expect(broken).rejects.toThrow("no terminal");
    const [run] = await ahead.fleetRuns();
    expect(run).toMatchObject({ state: "failed", stopped: "error" });
    const result = await ahead.migrateAll({ resume: true });
    expect(result).toMatchObject({ counts: { changed: 5 }, ok: true, resumed: run?.id });
  });

  it("say of a run that shows no sign of life for a minute that it died", async () => {
    await ahead.migrateAll();
    const past = inWords(engine, {
      mysql: "timestampadd(second, -90, current_timestamp(6))",
      postgres: "now() - interval '90 seconds'",
    });
    await world.run(`update kirayedar_runs set ended_at = null, updated_at = ${past}`);
    expect(await ahead.fleetRuns()).toMatchObject([{ state: "died" }]);
  });

  it("leave a tenant to the end that somebody else is busy with, and wait for it then", async () => {
    let [begin, release] = [(): void => undefined, (): void => undefined];
    const begun = new Promise<void>((resolve) => (begin = resolve));
    const held = new Promise<void>((resolve) => (release = resolve));
    const slow: Migration = {
      name: "slow",
      up: () => {
        begin();
        return held;
      },
      version: "20260101000000",
    };
    const busy = world.another({ migrations: { global: [], tenant: [slow, CREATE_NOTE] } });
    const waiting = busy.migrate("t0");
    await begun;
    const seen: string[] = [];
    const result = await ahead.migrateAll({
      concurrency: 1,
      onProgress: ({ done, last }) => {
        seen.push(last.tenant);
        if (done === SLUGS.length - 1) release();
      },
    });
    expect(result).toMatchObject({ counts: { changed: 6 }, ok: true });
    await waiting;
    expect(seen).toEqual([...SLUGS.slice(1), "t0"]);
    expect(world.log.filter(({ fields }) => fields["code"] === "TENANT_BUSY")).toEqual([]);
  });

  describe("resume", () => {
    it("says when there is nothing to take up", async () => {
      expect(await ahead.migrateAll({ resume: true })).toMatchObject({ ok: true, resumed: null });
      await ahead.migrateAll();
      expect(await ahead.migrateAll({ resume: true })).toMatchObject({ ok: true, resumed: null });
      expect(await ahead.rollbackAll({ resume: true })).toMatchObject({ ok: true, resumed: null });
    });

    it("takes those that failed or were not reached, and no others", async () => {
      await mark("t1", "bad");
      const stopped = await ahead.migrateAll({ concurrency: 1, continueOnError: false });
      expect(stopped.notReached).toEqual(["t2", "t3", "t4", "t5"]);
      await world.tenancy.create("t9");
      await mark("t1", "good");
      const result = await ahead.migrateAll({ resume: true });
      expect(result).toMatchObject({ ok: true, resumed: stopped.runId });
      expect(changed(result)).toEqual(["t1", "t2", "t3", "t4", "t5"]);
      expect((await ahead.get("t9")).version).toBe(CREATE_NOTE.version);
      expect(await ahead.fleetRun(stopped.runId ?? "")).toMatchObject({ resumedBy: result.runId });
      expect(await ahead.migrateAll({ resume: true })).toMatchObject({ resumed: null });
    });

    it("keeps to the run's own options", async () => {
      const more = world.another({
        migrations: { global: [], tenant: [CREATE_NOTE, PICKY, TAGS] },
      });
      await mark("t1", "bad");
      await more.migrateAll({ except: ["t4"], to: PICKY.version });
      await mark("t1", "good");
      const result = await more.migrateAll({ resume: true });
      expect(result.results).toMatchObject([{ tenant: "t1", versions: [PICKY.version] }]);
      expect((await more.get("t4")).version).toBe(CREATE_NOTE.version);
      const run = await more.fleetRun(result.runId ?? "");
      expect(run?.options).toEqual({ except: ["t4"], to: PICKY.version });
    });

    it("does a canary that failed first again", async () => {
      await mark("t3", "bad");
      await ahead.migrateAll({ canary: ["t3"] });
      expect(await ahead.migrateAll({ resume: true })).toMatchObject({ stopped: "canary" });
      await mark("t3", "good");
      const result = await ahead.migrateAll({ concurrency: 1, resume: true });
      expect(result.results[0]).toMatchObject({ ok: true, tenant: "t3" });
      expect(result).toMatchObject({ counts: { changed: 6 }, ok: true });
    });

    it("takes all that are behind of a run whose process died", async () => {
      await ahead.migrateAll({ only: ["t0", "t1"] });
      await world.run("delete from kirayedar_runs");
      // What such a process leaves.
      await ahead.migrateAll({ only: ["t2"] });
      await world.run('update kirayedar_runs set options = \'{"except":["t5"]}\', ended_at = null');
      const [died] = await ahead.fleetRuns();
      expect(died).toMatchObject({ endedAt: null, state: "running" });
      const result = await ahead.migrateAll({ resume: true });
      expect(result).toMatchObject({ ok: true, resumed: died?.id });
      expect(changed(result)).toEqual(["t3", "t4"]);
    });

    it("shows what it would do, and leaves the run as it is", async () => {
      await mark("t1", "bad");
      const { runId } = await ahead.migrateAll();
      const plan = await ahead.migrateAll({ dryRun: true, resume: true });
      expect(plan).toMatchObject({ counts: { changed: 1 }, resumed: runId });
      expect(await ahead.fleetRuns()).toMatchObject([{ id: runId, resumedBy: null }]);
    });

    it("never rolls a tenant back twice", async () => {
      const more = world.another({
        migrations: { global: [], tenant: [CREATE_NOTE, PICKY, TAGS] },
      });
      await more.migrateAll();
      const controller = new AbortController();
      const stopped = await more.rollbackAll({
        concurrency: 1,
        onProgress: ({ done }) => done === 2 && controller.abort(),
        signal: controller.signal,
        toExclusive: PICKY.version,
      });
      expect(stopped).toMatchObject({ counts: { changed: 2, notReached: 4 }, stopped: "signal" });
      // As if it had died, it comes to all of them.
      await world.run("update kirayedar_runs set ended_at = null where verb = 'rollback'");
      const result = await more.rollbackAll({ resume: true });
      expect(result).toMatchObject({ counts: { changed: 4, unchanged: 2 }, ok: true });
      for (const slug of SLUGS) expect((await more.get(slug)).version).toBe(PICKY.version);
    });

    it("finds nothing to do in those that are below the version already", async () => {
      await ahead.migrateAll({ only: ["t0"] });
      for (const changed of [1, 0]) {
        expect(await ahead.rollbackAll({ to: PICKY.version })).toMatchObject({
          counts: { changed, unchanged: SLUGS.length - changed },
          ok: true,
        });
      }
      const nowhere = await ahead.rollbackAll({ only: ["t0"], to: "19990101000000" });
      expect(nowhere.failed).toMatchObject([{ error: code("MIGRATION_NOT_FOUND") }]);
    });

    it("refuses a run by steps, and options that are the run's own", async () => {
      await ahead.migrateAll();
      await ahead.rollbackAll({ signal: AbortSignal.abort() });
      await expect(ahead.rollbackAll({ resume: true })).rejects.toMatchObject(
        code("INVALID_QUERY"),
      );
      for (const options of [{ to: "1" }, { only: ["t0"] }, { canary: ["t0"] }, { steps: 1 }]) {
        await expect(ahead.migrateAll({ resume: true, ...options })).rejects.toMatchObject(
          code("INVALID_QUERY"),
        );
      }
      await expect(
        ahead.migrateAll({ resume: "last" as unknown as boolean }),
      ).rejects.toMatchObject(code("INVALID_QUERY"));
    });
  });
});
