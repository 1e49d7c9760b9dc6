import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { FleetOptions } from "../../../src/core/fleet.ts";
import type { MigrateOptions } from "../../../src/core/migrator.ts";
import type { Tenancy } from "../../../src/core/tenancy.ts";
import { describeEngines, MYSQL2, POSTGRES } from "../../support/engines.ts";
import { code, CREATE_NOTE } from "../lifecycle/world.ts";
import {
  accountedFor,
  ADD_COLUMN,
  ADD_ROW,
  createFleetWorld,
  type FleetWorld,
} from "./fleet-world.ts";

const COUNT = 14;

describeEngines(
  "a fleet in parts",
  (engine) => {
    let world: FleetWorld;
    let ahead: Tenancy;

    beforeAll(async () => {
      world = await createFleetWorld(COUNT, engine);
      ahead = world.ahead();
    });
    afterAll(() => world.close());
    beforeEach(() => world.reset());

    describe("canary tenants", () => {
      it("end the run before anybody else is touched, when one of them fails", async () => {
        await world.spoil("t0009");
        const result = await ahead.migrateAll({ canary: ["t0009", "t0004"] });
        expect(result).toMatchObject({ ok: false, stopped: "canary" });
        expect(result.failed).toMatchObject([{ error: code("MIGRATION_FAILED"), tenant: "t0009" }]);
        expect(result.counts).toEqual({ changed: 1, failed: 1, notReached: 12, unchanged: 0 });
        expect(result.notReached).toEqual(
          world.slugs.filter((slug) => slug !== "t0004" && slug !== "t0009"),
        );
        expect(await world.behind(ADD_ROW.version)).toHaveLength(COUNT - 1);
      });

      it("are done once, and counted once, up to date or not", async () => {
        await ahead.migrate("t0003");
        const result = await ahead.migrateAll({ canary: ["t0003", "t0005", "t0005"] });
        expect(result).toMatchObject({ ok: true, stopped: undefined });
        expect(result.counts).toEqual({ changed: 13, failed: 0, notReached: 0, unchanged: 1 });
        expect(result.results[0]).toMatchObject({ tenant: "t0005" });
        const again = await ahead.migrateAll({ canary: ["t0003", "t0005"] });
        expect(again.counts).toEqual({ changed: 0, failed: 0, notReached: 0, unchanged: COUNT });
        const verified = await ahead.migrateAll({ canary: ["t0003"], verify: true });
        expect(verified.counts).toEqual({ changed: 0, failed: 0, notReached: 0, unchanged: COUNT });
      });

      it("that are not there are refused before anything is done", async () => {
        await expect(ahead.migrateAll({ canary: ["nobody"] })).rejects.toMatchObject(
          code("TENANT_NOT_FOUND", { tenant: "nobody" }),
        );
        await expect(ahead.migrateAll({ canary: ["Public"] })).rejects.toMatchObject(
          code("INVALID_TENANT_ID"),
        );
        expect(await world.behind(ADD_ROW.version)).toHaveLength(COUNT);
      });

      it("are done only if the run is for them", async () => {
        const result = await ahead.migrateAll({
          canary: ["t0001", "t0002"],
          only: ["t0002", "t0003"],
        });
        expect(result.results.map(({ tenant }) => tenant)).toEqual(["t0002", "t0003"]);
        expect(accountedFor(result)).toBe(2);
        const except = await ahead.migrateAll({ canary: ["t0005"], except: ["t0005"] });
        expect(except.counts).toMatchObject({ changed: COUNT - 3, unchanged: 2 });
        expect(await world.behind(ADD_ROW.version)).toEqual(["t0005"]);
      });
    });

    describe("every tenant is accounted for", () => {
      it.each<[string, FleetOptions & MigrateOptions, changed: number]>([
        ["a budget of none", { maxFailures: 0 }, 10],
        ["a budget of three", { maxFailures: 3 }, COUNT - 2],
        ["a share of five", { maxFailures: "5%" }, 10],
        ["a share of all", { maxFailures: "100%" }, COUNT - 2],
        ["no more after the first", { concurrency: 1, continueOnError: false }, 4],
        ["more at a time than there are", { concurrency: 50 }, COUNT - 2],
        ["a pace", { perSecond: 200 }, COUNT - 2],
        ["verify", { verify: true }, COUNT - 2],
        ["up to a version", { to: ADD_ROW.version }, COUNT - 2],
        ["so many steps", { steps: 1 }, COUNT - 2],
        ["one phase", { phase: "expand" }, COUNT - 2],
        ["canary tenants", { canary: ["t0000", "t0013"], maxFailures: 0 }, 12],
      ])("with %s", async (_what, options, most) => {
        await ahead.migrate("t0001");
        await world.spoil("t0004", "t0011");
        const result = await ahead.migrateAll(options);
        expect(accountedFor(result)).toBe(COUNT);
        expect(result.counts.changed).toBeLessThanOrEqual(most);
        expect(result.ok).toBe(false);
        expect(result.results).toHaveLength(result.counts.changed + result.counts.failed);
        const named = [...result.failed.map(({ tenant }) => tenant), ...result.notReached];
        expect(await world.behind(ADD_ROW.version)).toEqual(named.toSorted());
      });

      it("where there is nothing that could be done", async () => {
        const result = await world.tenancy.migrateAll();
        expect(result.counts).toEqual({ changed: 0, failed: 0, notReached: 0, unchanged: COUNT });
        const phased = await ahead.migrateAll({ phase: "contract" });
        expect(accountedFor(phased)).toBe(COUNT);
        expect(phased.counts.changed).toBe(0);
      });
    });

    describe("a part of what is pending", () => {
      it("goes so far, and no farther", async () => {
        const whole = world.another({
          migrations: { global: [], tenant: [CREATE_NOTE, ADD_ROW, ADD_COLUMN] },
        });
        const one = await whole.migrateAll({ steps: 1 });
        expect(one.results).toMatchObject(world.slugs.map(() => ({ versions: [ADD_ROW.version] })));
        expect(await world.behind(ADD_ROW.version)).toEqual([]);
        expect((await ahead.migrateAll()).counts).toMatchObject({ changed: 0, unchanged: COUNT });
        const none = await whole.migrateAll({ to: ADD_ROW.version });
        expect(none.counts).toEqual({ changed: 0, failed: 0, notReached: 0, unchanged: COUNT });
        const rest = await whole.migrateAll({ to: ADD_COLUMN.version });
        expect(rest.counts.changed).toBe(COUNT);
        const unknown = whole.migrateAll({ maxFailures: 0, to: "20260101000009" });
        const outcome = await unknown.then(
          ({ failed }) => failed[0]?.error as unknown,
          (error: unknown) => error,
        );
        expect(outcome).toMatchObject(code("MIGRATION_NOT_FOUND"));
        await whole.rollbackAll({ steps: 2 });
      });
    });

    describe("a registry that lies", () => {
      it("is believed, unless it is to be verified", async () => {
        const { rows } = await world.admin.query<{ digest: string; slug: string }>(
          "select slug, migrations_digest as digest from tenants",
        );
        const before = rows[0]!.digest;
        await ahead.migrate("t0000");
        const at = (await ahead.get("t0000")).migrationsDigest;
        // Ahead of its history; behind it; and unknown.
        await world.run(
          `update tenants set migrations_digest = '${at}', version = '${ADD_ROW.version}' where slug = 't0001'`,
        );
        await ahead.migrate("t0002");
        await ahead.migrate("t0003");
        await world.run(
          `update tenants set migrations_digest = '${before}', version = '${CREATE_NOTE.version}' where slug = 't0002'`,
        );
        await world.run("update tenants set migrations_digest = null where slug = 't0003'");
        await world.run(`update tenants set migrations_digest = '${before}' where slug = 't0000'`);
        const fooled = await ahead.migrateAll();
        expect(fooled.counts).toEqual({
          changed: COUNT - 4,
          failed: 0,
          notReached: 0,
          unchanged: 4,
        });
        await world.run(
          `update tenants set migrations_digest = '${before}', version = '${CREATE_NOTE.version}' where slug = 't0002'`,
        );
        await world.run(`update tenants set migrations_digest = '${before}' where slug = 't0000'`);
        const verified = await ahead.migrateAll({ verify: true });
        expect(verified.results).toMatchObject([{ tenant: "t0001", versions: [ADD_ROW.version] }]);
        expect(accountedFor(verified)).toBe(COUNT);
        expect(await world.checkAll()).toEqual(world.slugs);
        // It was mended, so that the next look at it is one query.
        const digests = await world.admin.query("select distinct migrations_digest from tenants");
        expect(digests.rows).toHaveLength(1);
      });
    });

    it("tells other processes of the new versions", async () => {
      const [one, other] = [world.ahead(), world.ahead()];
      const versionIn = async (tenancy: Tenancy): Promise<unknown> =>
        await tenancy.withTenant("t0006", () => tenancy.currentTenant()?.version);
      expect(await versionIn(other)).toBe(CREATE_NOTE.version);
      expect(await versionIn(one)).toBe(CREATE_NOTE.version);
      await one.migrateAll();
      expect(await versionIn(one)).toBe(ADD_ROW.version);
      await expect.poll(() => versionIn(other), { timeout: 5_000 }).toBe(ADD_ROW.version);
    });

    it("begins no more in a second than it may", async () => {
      const times: number[] = [];
      const startedAt = performance.now();
      const onProgress = (): number => times.push(performance.now() - startedAt);
      await ahead.migrateAll({ concurrency: 8, onProgress, perSecond: 20 });
      expect(times.at(-1)).toBeGreaterThan(((COUNT - 1) * 1_000) / 20 - 50);
    });

    it("leaves connections to others while it waits for its pace", async () => {
      const one = world.ahead({ driver: { maintenanceConnections: 1 } });
      const controller = new AbortController();
      const running = one.migrateAll({ concurrency: 1, perSecond: 0.2, signal: controller.signal });
      await expect
        .poll(() => world.behind(ADD_ROW.version), { timeout: 5_000 })
        .toHaveLength(COUNT - 1);
      // It waits five seconds for its next turn, and this needs the only connection.
      const created = await Promise.race([
        one.create("between").then(() => "created"),
        new Promise((resolve) => setTimeout(() => resolve("blocked"), 3_000)),
      ]);
      controller.abort();
      await running;
      expect(created).toBe("created");
      expect(await world.tenancy.get("between")).toMatchObject({ state: "active" });
    });
  },
  [POSTGRES, MYSQL2],
);
