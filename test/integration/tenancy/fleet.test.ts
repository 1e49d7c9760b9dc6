import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Migration } from "../../../src/core/migrator.ts";
import type { FleetProgress } from "../../../src/core/fleet.ts";
import { describeEngines, MYSQL2, POSTGRES } from "../../support/engines.ts";
import { code, CREATE_NOTE, createWorld, type World } from "../lifecycle/world.ts";

/** Fails for tenants whose note says so. */
const PICKY: Migration = {
  down: "drop table picky",
  name: "picky",
  up: "create table picky (id int not null); insert into picky select case when count(*) = 0 then null else 1 end from note where body <> 'bad'",
  version: "20260101000002",
};
const SLUGS = Array.from({ length: 12 }, (_, index) => `t${String(index).padStart(2, "0")}`);

describeEngines(
  "a fleet",
  (engine) => {
    let world: World;
    let ahead: ReturnType<World["another"]>;

    beforeAll(async () => {
      world = await createWorld({}, engine);
      ahead = world.another({
        driver: { maintenanceConnections: 3 },
        migrations: { global: [], tenant: [CREATE_NOTE, PICKY] },
      });
    });

    afterAll(() => world.close());

    beforeEach(async () => {
      const { rows } = await world.contents();
      for (const { slug } of rows) await world.tenancy.drop(slug as string);
      for (const slug of SLUGS) await world.tenancy.create(slug);
    });

    async function versions(): Promise<Record<string, unknown>> {
      const { rows } = await world.contents();
      return Object.fromEntries(rows.map(({ slug, version }) => [slug as string, version]));
    }

    const all = (version: string | null): Record<string, unknown> =>
      Object.fromEntries(SLUGS.map((slug) => [slug, version]));

    describe("migrateAll", () => {
      it("applies what is pending to every tenant, and then finds nothing", async () => {
        const first = await ahead.migrateAll();
        expect(first).toMatchObject({ failed: [], notReached: [], ok: true });
        expect(first.results.map(({ tenant }) => tenant).toSorted()).toEqual(SLUGS);
        for (const item of first.results)
          expect(item).toMatchObject({ ok: true, versions: [PICKY.version] });
        expect(await versions()).toEqual(all(PICKY.version));
        const second = await ahead.migrateAll({ concurrency: 2 });
        expect(second.ok).toBe(true);
        for (const item of second.results) expect(item).toMatchObject({ ok: true, versions: [] });
      });

      it("applies an older migration that came later, though the version says the newest is applied", async () => {
        await ahead.migrateAll();
        const late = { name: "late", up: "create table late (id int)", version: "20260101000000" };
        const merged = world.another({
          migrations: { global: [], tenant: [late, CREATE_NOTE, PICKY] },
        });
        const result = await merged.migrateAll();
        for (const item of result.results)
          expect(item).toMatchObject({ ok: true, versions: [late.version] });
      });

      it("goes on when tenants fail, reports them, and resumes them alone", async () => {
        const bad = ["t03", "t07"];
        for (const slug of bad) {
          await world.tenancy.withTenant(slug, () =>
            world.tenancy.query("update note set body = 'bad'"),
          );
        }
        const result = await ahead.migrateAll();
        expect(result).toMatchObject({ notReached: [], ok: false });
        expect(result.failed.map(({ tenant }) => tenant).toSorted()).toEqual(bad);
        for (const { error } of result.failed)
          expect(error).toMatchObject(code("MIGRATION_FAILED"));
        expect(await versions()).toEqual({
          ...all(PICKY.version),
          t03: CREATE_NOTE.version,
          t07: CREATE_NOTE.version,
        });
        for (const slug of bad) {
          await world.tenancy.withTenant(slug, () =>
            world.tenancy.query("update note set body = 'good'"),
          );
        }
        const again = await ahead.migrateAll();
        expect(again.ok).toBe(true);
        const done = again.results.filter((item) => item.ok && item.versions.length > 0);
        expect(done.map(({ tenant }) => tenant).toSorted()).toEqual(bad);
      });

      it("stops at the first failure when it is asked to, and tells who was not reached", async () => {
        await world.tenancy.withTenant("t02", () =>
          world.tenancy.query("update note set body = 'bad'"),
        );
        const result = await ahead.migrateAll({ concurrency: 1, continueOnError: false });
        expect(result.results.map(({ tenant }) => tenant)).toEqual(["t00", "t01", "t02"]);
        expect(result.notReached).toEqual(SLUGS.slice(3));
        expect(result.ok).toBe(false);
      });

      it("takes only those it is asked to, or all but those", async () => {
        const only = await ahead.migrateAll({ only: ["t05", "t01"] });
        expect(only.results.map(({ tenant }) => tenant).toSorted()).toEqual(["t01", "t05"]);
        const except = await ahead.migrateAll({ except: ["t01", "t05", "t06", "nobody"] });
        expect(except.results).toHaveLength(SLUGS.length - 3);
        expect(await versions()).toEqual({ ...all(PICKY.version), t06: CREATE_NOTE.version });
      });

      it("refuses a slug that is not there before anything is done", async () => {
        await expect(ahead.migrateAll({ only: ["t00", "nobody"] })).rejects.toMatchObject(
          code("TENANT_NOT_FOUND", { tenant: "nobody" }),
        );
        await expect(ahead.migrateAll({ only: ["Public"] })).rejects.toMatchObject(
          code("INVALID_TENANT_ID"),
        );
        expect(await versions()).toEqual(all(CREATE_NOTE.version));
      });

      it("refuses options that make no sense", async () => {
        for (const options of [
          { concurrency: 0 },
          { concurrency: 1.5 },
          { concurrency: 1_001 },
          { state: ["open"] },
          { only: "t00" },
        ]) {
          await expect(ahead.migrateAll(options as object)).rejects.toMatchObject(
            code("INVALID_QUERY"),
          );
        }
      });

      it("includes suspended tenants and those in maintenance, and no half-made ones", async () => {
        await world.tenancy.suspend("t00");
        await world.tenancy.startMaintenance("t01");
        await world.run("update tenants set state = 'failed' where slug = 't02'");
        await world.run("update tenants set state = 'archived' where slug = 't03'");
        const result = await ahead.migrateAll();
        expect(result.results.map(({ tenant }) => tenant).toSorted()).toEqual(
          SLUGS.filter((slug) => slug !== "t02" && slug !== "t03"),
        );
        const archived = await ahead.migrateAll({ state: ["archived"] });
        expect(archived.results).toMatchObject([{ ok: true, tenant: "t03" }]);
        const named = await ahead.migrateAll({ only: ["t02"] });
        expect(named.failed).toMatchObject([{ error: code("INVALID_STATE"), tenant: "t02" }]);
      });

      it("does nothing in a dry run, and tells what it would do", async () => {
        const result = await ahead.migrateAll({ dryRun: true });
        for (const item of result.results)
          expect(item).toMatchObject({ ok: true, versions: [PICKY.version] });
        expect(await versions()).toEqual(all(CREATE_NOTE.version));
      });

      it("reports progress after each tenant", async () => {
        const seen: FleetProgress[] = [];
        await ahead.migrateAll({ onProgress: (progress) => seen.push(progress) });
        expect(seen.map(({ done }) => done)).toEqual(SLUGS.map((_, index) => index + 1));
        expect(new Set(seen.map(({ total }) => total))).toEqual(new Set([SLUGS.length]));
        expect(seen.map(({ last }) => last.tenant).toSorted()).toEqual(SLUGS);
      });

      it("passes on what the progress function throws, after those in hand are finished", async () => {
        const failing = ahead.migrateAll({
          concurrency: 2,
          onProgress: () => {
            throw new Error("no terminal");
          },
        });
        await expect(failing).rejects.toThrow("no terminal");
      });

      it("stops at a signal, and finishes those in hand", async () => {
        const controller = new AbortController();
        const result = await ahead.migrateAll({
          concurrency: 2,
          onProgress: ({ done }) => done === 4 && controller.abort(),
          signal: controller.signal,
        });
        expect(result.ok).toBe(false);
        expect(result.results.length).toBeLessThanOrEqual(5);
        expect(
          [...result.results.map(({ tenant }) => tenant), ...result.notReached].toSorted(),
        ).toEqual(SLUGS);
        const never = await ahead.migrateAll({ signal: AbortSignal.abort() });
        const { notReached } = result;
        expect(never).toMatchObject({ notReached, ok: false, results: [], stopped: "signal" });
        expect(never.counts).toMatchObject({ unchanged: SLUGS.length - notReached.length });
      });

      it("works with more tenants at a time than there are connections", async () => {
        expect((await ahead.migrateAll({ concurrency: 10 })).ok).toBe(true);
      });

      it("never migrates a tenant twice when two runs go at once", async () => {
        const other = world.another({ migrations: { global: [], tenant: [CREATE_NOTE, PICKY] } });
        const [one, two] = await Promise.all([ahead.migrateAll(), other.migrateAll()]);
        expect([one.ok, two.ok]).toEqual([true, true]);
        const applied = [...one.results, ...two.results].filter(
          (item) => item.ok && item.versions.length > 0,
        );
        expect(applied.map(({ tenant }) => tenant).toSorted()).toEqual(SLUGS);
      });

      it("leaves out tenants that are dropped while it runs", async () => {
        let dropped: Promise<unknown> | undefined;
        const result = await ahead.migrateAll({
          concurrency: 1,
          onProgress: ({ done }) => {
            if (done === 1) dropped = world.tenancy.drop("t11");
          },
        });
        await dropped;
        expect(result.failed).toEqual([]);
      });
    });

    describe("rollbackAll", () => {
      it("undoes one migration of every tenant", async () => {
        await ahead.migrateAll();
        const result = await ahead.rollbackAll();
        expect(result.ok).toBe(true);
        for (const item of result.results)
          expect(item).toMatchObject({ ok: true, versions: [PICKY.version] });
        expect(await versions()).toEqual(all(CREATE_NOTE.version));
      });

      it("undoes as much as it is asked to, of those it is asked to", async () => {
        await ahead.migrateAll();
        await ahead.rollbackAll({ all: true, only: ["t00"] });
        expect(await versions()).toEqual({ ...all(PICKY.version), t00: null });
      });
    });

    describe("migrate, rollback and redo", () => {
      it("work on one tenant, and keep its version", async () => {
        expect(await ahead.migrate("t00")).toMatchObject({
          tenant: "t00",
          versions: [PICKY.version],
        });
        expect(await ahead.migrate("t00")).toMatchObject({ versions: [] });
        expect((await ahead.get("t00")).version).toBe(PICKY.version);
        expect(await ahead.redo("t00")).toMatchObject({ versions: [PICKY.version] });
        expect(await ahead.redo("t00", { steps: 2 })).toMatchObject({
          versions: [CREATE_NOTE.version, PICKY.version],
        });
        expect(await ahead.rollback("t00", { steps: 5 })).toMatchObject({
          versions: [PICKY.version, CREATE_NOTE.version],
        });
        expect(await ahead.rollback("t00")).toMatchObject({ versions: [] });
        expect(await ahead.redo("t00")).toMatchObject({ versions: [] });
        expect(await versions()).toMatchObject({ t00: null, t01: CREATE_NOTE.version });
        const status = await ahead.migrationStatus("t00");
        expect(status.map(({ state }) => state)).toEqual(["pending", "pending"]);
      });

      it("refuse a tenant that is missing, half-made or not named", async () => {
        await expect(ahead.migrate("nobody")).rejects.toMatchObject(code("TENANT_NOT_FOUND"));
        await expect(ahead.migrate(null as unknown as string)).rejects.toMatchObject(
          code("INVALID_TENANT_ID"),
        );
        await world.run("update tenants set state = 'provisioning' where slug = 't00'");
        await expect(ahead.migrate("t00")).rejects.toMatchObject(code("INVALID_STATE"));
        await expect(ahead.migrationStatus("nobody")).rejects.toMatchObject(
          code("TENANT_NOT_FOUND"),
        );
      });

      it("work on a suspended tenant", async () => {
        await world.tenancy.suspend("t00");
        expect(await ahead.migrate("t00")).toMatchObject({ versions: [PICKY.version] });
      });
    });
  },
  [POSTGRES, MYSQL2],
);
