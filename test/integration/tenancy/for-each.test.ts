import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { ForEachProgress } from "../../../src/core/reports.ts";
import type { Tenancy } from "../../../src/core/tenancy.ts";
import { describeEngines } from "../../support/engines.ts";
import { code, createWorld, WHERE, type World } from "../lifecycle/world.ts";

const SLUGS = Array.from({ length: 12 }, (_, index) => `e${String(index).padStart(2, "0")}`);

describeEngines("forEachTenant", (engine) => {
  let world: World;
  let tenancy: Tenancy;

  beforeAll(async () => {
    world = await createWorld({}, engine);
    tenancy = world.another();
    for (const slug of SLUGS) await tenancy.create(slug);
  });

  afterAll(() => world.close());

  it("runs the function in each tenant's scope, and tells what it returned", async () => {
    const steps: ForEachProgress[] = [];
    const result = await tenancy.forEachTenant(
      async (tenant) => {
        await wait(Math.random() * 5);
        expect(tenancy.requireTenant()).toBe(tenant);
        const { rows } = await tenancy.query<{ here: string }>(WHERE[engine.family]);
        return rows[0]?.here;
      },
      { concurrency: 5, onProgress: (progress) => void steps.push(progress) },
    );
    expect(result).toEqual({
      done: SLUGS.length,
      durationMs: expect.any(Number) as number,
      failed: [],
      notReached: [],
      ok: true,
    });
    expect(steps.map(({ done, total }) => [done, total])).toEqual(
      SLUGS.map((_, index) => [index + 1, SLUGS.length]),
    );
    const values = Object.fromEntries(
      steps.map(({ last }) => [last.tenant, last.ok ? last.value : last.error]),
    );
    expect(values).toEqual(Object.fromEntries(SLUGS.map((slug) => [slug, world.schema(slug)])));
    expect(tenancy.currentTenant()).toBeUndefined();
  });

  it("awaits what is lazy inside the scope", async () => {
    const lazy = {
      // oxlint-disable-next-line unicorn/no-thenable -- as query builders are
      then: (resolve: (slug: string) => void) => resolve(tenancy.requireTenant().slug),
    };
    const seen: string[] = [];
    await tenancy.forEachTenant(() => lazy as PromiseLike<string>, {
      onProgress: ({ last }) => void (last.ok && seen.push(last.value)),
    });
    expect(seen.toSorted()).toEqual(SLUGS);
  });

  it("goes on when tenants fail, and says which", async () => {
    const result = await tenancy.forEachTenant(async ({ slug }) => {
      if (slug === "e03") await tenancy.query("select * from nowhere");
      // oxlint-disable-next-line typescript/only-throw-error -- whatever it may be
      if (slug === "e07") throw "text";
    });
    expect(result).toMatchObject({ done: SLUGS.length, notReached: [], ok: false });
    expect(result.failed.map(({ tenant }) => tenant).toSorted()).toEqual(["e03", "e07"]);
    for (const { error } of result.failed) expect(error).toBeInstanceOf(Error);
  });

  it("begins no others after a failure, if it is told so by a word or a function", async () => {
    const fail = ({ slug }: { readonly slug: string }): void => {
      if (slug === "e02" || slug === "e04") throw new Error(slug);
    };
    const stopped = await tenancy.forEachTenant(fail, { concurrency: 1, onError: "stop" });
    expect(stopped).toMatchObject({ done: 3, notReached: SLUGS.slice(3), ok: false });
    const heard: string[] = [];
    const decided = await tenancy.forEachTenant(fail, {
      concurrency: 1,
      onError: (error, { slug }) => {
        heard.push(`${slug} ${error.message}`);
        return slug === "e04" ? "stop" : "continue";
      },
    });
    expect(decided).toMatchObject({ done: 5, notReached: SLUGS.slice(5) });
    expect(heard).toEqual(["e02 e02", "e04 e04"]);
  });

  it("ends with what a callback throws, when the tenants in hand are done", async () => {
    let inHand = 0;
    const run = tenancy.forEachTenant(
      async () => {
        inHand += 1;
        await wait(5);
        inHand -= 1;
      },
      {
        concurrency: 4,
        onProgress: () => {
          throw new Error("No more.");
        },
      },
    );
    await expect(run).rejects.toThrow("No more.");
    expect(inHand).toBe(0);
  });

  it("stops with the signal after those in hand, and says who was not reached", async () => {
    const controller = new AbortController();
    const begun: string[] = [];
    const result = await tenancy.forEachTenant(
      async ({ slug }) => {
        begun.push(slug);
        if (begun.length === 4) controller.abort();
        await wait(5);
      },
      { concurrency: 2, signal: controller.signal },
    );
    expect(result).toMatchObject({ failed: [], ok: false });
    expect([...begun, ...result.notReached].toSorted()).toEqual(SLUGS);
    expect(result.done).toBe(begun.length);
    expect(begun.length).toBeLessThan(7);
  });

  it("leaves out who is dropped or suspended meanwhile, and fails for one that was named", async () => {
    await tenancy.create("e50");
    await tenancy.create("e51");
    const other = world.another();
    let isFirst = true;
    const seen: string[] = [];
    const result = await tenancy.forEachTenant(
      async ({ slug }) => {
        if (isFirst) {
          isFirst = false;
          await other.drop("e50");
          await other.suspend("e51");
        }
        await tenancy.query("select body from note");
        seen.push(slug);
      },
      { concurrency: 1 },
    );
    expect(result).toMatchObject({ done: SLUGS.length, failed: [], ok: true });
    expect(seen).toEqual(SLUGS);
    const named = await tenancy.forEachTenant(() => undefined, { where: { only: ["e51"] } });
    expect(named.failed).toMatchObject([{ error: code("TENANT_NOT_ACTIVE"), tenant: "e51" }]);
    const allowed = await tenancy.forEachTenant(() => undefined, { where: { state: "suspended" } });
    expect(allowed).toMatchObject({ done: 1, ok: true });
    await tenancy.drop("e51");
  });

  it("refuses options that make no sense before it begins", async () => {
    for (const options of [
      { concurrency: 0 },
      { concurrency: 1001 },
      { onError: "ignore" },
      { onProgress: true },
      { signal: {} },
      { where: { state: ["open"] } },
    ]) {
      const run = tenancy.forEachTenant(() => undefined, options as never);
      await expect(run).rejects.toMatchObject(code("INVALID_QUERY"));
    }
    await expect(tenancy.forEachTenant("no" as never)).rejects.toMatchObject(code("INVALID_QUERY"));
    await expect(
      tenancy.forEachTenant(() => undefined, { where: { only: ["nobody"] } }),
    ).rejects.toMatchObject(code("TENANT_NOT_FOUND"));
  });

  it("is waited for by `close`, which lets it begin no more tenants", async () => {
    const closing = world.another();
    let done = 0;
    let begin: (() => void) | undefined;
    const begun = new Promise<void>((resolve) => (begin = resolve));
    const run = closing.forEachTenant(
      async () => {
        begin?.();
        await wait(5);
        done += 1;
      },
      { concurrency: 1 },
    );
    await begun;
    await closing.close();
    expect(done).toBe(1);
    expect((await run).notReached).toHaveLength(SLUGS.length - 1);
  });
});
