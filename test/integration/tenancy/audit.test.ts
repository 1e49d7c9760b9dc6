import { execFile } from "node:child_process";
import { setImmediate as tick } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Actor, AuditEntry, AuditOptions } from "../../../src/core/audit.ts";
import type { Tenancy } from "../../../src/core/tenancy.ts";
import { describeEngines, type Engine, MARIADB, POSTGRES } from "../../support/engines.ts";
import {
  code,
  CREATE_NOTE,
  createWorld,
  FAILING,
  NOWHERE,
  type World,
} from "../lifecycle/world.ts";
import { countCalls } from "./counting-driver.ts";

const ANN: Actor = { id: "ann@example.com", via: "console" };

const DYING = fileURLToPath(new URL("dying-change.ts", import.meta.url));

/** Has another process begin a change, and die before its end. */
async function dieAt(
  { engine, schema, url }: World,
  verb: "create" | "drop",
  slug: string,
): Promise<void> {
  const args = [DYING, engine.name, url, schema(""), verb, slug];
  await expect(promisify(execFile)(process.execPath, args)).rejects.toMatchObject({
    signal: "SIGKILL",
  });
}

const said = ({ action, outcome, tenant }: AuditEntry): string => `${action} ${tenant} ${outcome}`;

describeEngines(
  "the audit log",
  (engine: Engine) => {
    let world: World;
    let tenancy: Tenancy;
    let table: string;

    beforeAll(async () => {
      world = await createWorld(
        {
          hooks: {
            afterCreate: async ({ slug }) => {
              if (slug !== "parent") return;
              // Both are about a tenant: the same, and another.
              await tenancy.update(slug, { name: "Parent" });
              await tenancy.create("child", { migrate: false });
            },
          },
          registry: { extraColumns: { secret: "varchar(40)" } },
          seed: async (context) =>
            void (await context.query("insert into note (body) values ('seeded')")),
        },
        engine,
      );
      ({ tenancy } = world);
      table = `${world.globalSchema}.kirayedar_audit`;
    });
    afterAll(() => world.close());

    const entries = async (options?: AuditOptions): Promise<readonly AuditEntry[]> =>
      (await tenancy.audit(options)).entries;
    const newest = async (count: number): Promise<string[]> =>
      (await entries({ limit: count })).map(said);
    const asAnn = <T>(fn: () => Promise<T>): Promise<Awaited<T>> => tenancy.actingAs(ANN, fn);

    it("tells who did what, when, to whom, and how it ended", async () => {
      const before = Date.now();
      const acme = await asAnn(() =>
        tenancy.create("acme", {
          domains: ["acme.test"],
          extra: { secret: "hunter2" },
          name: "Acme",
        }),
      );
      const [entry, ...others] = await entries();
      expect(others).toEqual([]);
      expect(entry).toEqual({
        action: "tenant.create",
        actor: ANN,
        at: expect.any(Date) as Date,
        details: { domains: ["acme.test"], extra: ["secret"], name: "Acme" },
        durationMs: expect.any(Number) as number,
        errorCode: null,
        id: expect.stringMatching(/^\d+$/) as string,
        outcome: "done",
        tenant: "acme",
        tenantId: acme.id,
      });
      expect(Math.abs((entry?.at.getTime() ?? 0) - before)).toBeLessThan(60_000);
      expect(entry?.durationMs).toBeGreaterThan(0);
      expect(JSON.stringify(entry)).not.toContain("hunter2");
    });

    it("tells every operation that changes something, and which versions and names it was", async () => {
      await asAnn(async () => {
        await tenancy.suspend("acme");
        await tenancy.resume("acme");
        await tenancy.startMaintenance("acme");
        await tenancy.resume("acme");
        await tenancy.update("acme", { extra: { secret: "hunter3" }, name: null });
        await tenancy.addDomain("acme", "two.test", { primary: true });
        await tenancy.removeDomain("acme", "two.test");
        await tenancy.setPrimaryDomain("acme", "acme.test");
        await tenancy.rollback("acme");
        await tenancy.migrate("acme");
        await tenancy.redo("acme", { steps: 1 });
        await tenancy.seed("acme");
        await tenancy.rename("acme", { slug: "apex" });
        await tenancy.migrateAll({ maxFailures: "5%" });
        await tenancy.rollbackAll({ steps: 1 });
        await tenancy.migrateGlobal();
        await tenancy.rollbackGlobal();
      });
      const told = (await entries({ limit: 17 })).toReversed();
      const { version } = CREATE_NOTE;
      expect(told.map(({ action, details }) => [action, details])).toEqual([
        ["tenant.suspend", {}],
        ["tenant.resume", {}],
        ["tenant.maintenance", {}],
        ["tenant.resume", {}],
        ["tenant.update", { extra: ["secret"], name: null }],
        ["tenant.update", { addDomain: "two.test", primary: true }],
        ["tenant.update", { removeDomain: "two.test" }],
        ["tenant.update", { primaryDomain: "acme.test" }],
        ["tenant.rollback", { versions: [version] }],
        ["tenant.migrate", { versions: [version] }],
        ["tenant.migrate", { redo: true, steps: 1, versions: [version] }],
        ["tenant.seed", {}],
        ["tenant.rename", { slug: "apex" }],
        ["fleet.migrate", expect.objectContaining({ maxFailures: "5%" })],
        [
          "fleet.rollback",
          expect.objectContaining({ run: expect.any(String) as string, steps: 1 }),
        ],
        ["global.migrate", { versions: [] }],
        ["global.rollback", { versions: [] }],
      ]);
      expect(told.every(({ outcome }) => outcome === "done")).toBe(true);
      expect(told.map(({ tenant }) => tenant)).toEqual([
        ...Array.from({ length: 13 }, () => "acme"),
        ...Array.from({ length: 4 }, () => null),
      ]);
      expect(JSON.stringify(told)).not.toContain("hunter");
    });

    it("finds a tenant by its id under all its names, and by a slug whoever had it", async () => {
      const { id } = await tenancy.get("apex");
      const before = await entries({ tenantId: id });
      expect(before).toHaveLength(14);
      await asAnn(() => tenancy.drop({ id }));
      expect((await entries({ tenantId: id })).map(said)[0]).toBe("tenant.drop apex done");
      expect((await entries({ tenant: "apex" })).map(said)).toEqual(["tenant.drop apex done"]);
      expect(await entries({ tenant: "acme", tenantId: id })).toHaveLength(14);
      expect(await entries({ tenantId: "' or true --" })).toEqual([]);
    });

    it("says what failed, with the code, also when a report says so or nobody was found", async () => {
      await asAnn(async () => {
        await expect(tenancy.suspend("nobody")).rejects.toMatchObject(code("TENANT_NOT_FOUND"));
        await tenancy.create("broken", { migrate: false });
        await expect(tenancy.rollback("broken", { to: "1" })).rejects.toThrow();
        const failing = { name: "fails", up: FAILING[engine.family], version: "20300101000000" };
        const other = world.another({
          migrations: { global: [], tenant: [CREATE_NOTE, failing] },
        });
        const run = await other.actingAs(ANN, () => other.migrateAll());
        expect(run.ok).toBe(false);
        await other.close();
      });
      const [fleet, rollback, create, suspend] = await entries({ limit: 4 });
      expect(fleet).toMatchObject({
        action: "fleet.migrate",
        errorCode: null,
        outcome: "failed",
      });
      expect(fleet?.details).toMatchObject({ counts: { failed: 1 } });
      expect(rollback).toMatchObject({ errorCode: "MIGRATION_NOT_FOUND", outcome: "failed" });
      expect(create).toMatchObject({ outcome: "done", tenant: "broken" });
      expect(suspend).toMatchObject({
        errorCode: "TENANT_NOT_FOUND",
        outcome: "failed",
        tenant: "nobody",
        tenantId: null,
      });
      const failed = await entries({ limit: 3, outcome: "failed" });
      expect(failed.map(({ action }) => action)).toEqual([
        "fleet.migrate",
        "tenant.rollback",
        "tenant.suspend",
      ]);
      await tenancy.drop("broken");
    });

    it("has one entry for a fleet run, and for an operation all that it does to its tenant", async () => {
      await asAnn(() => tenancy.create("parent", { seed: false }));
      expect(await newest(2)).toEqual(["tenant.create child done", "tenant.create parent done"]);
      expect((await tenancy.get("parent")).name).toBe("Parent");
      await asAnn(() => tenancy.migrateAll());
      expect(await newest(2)).toEqual(["fleet.migrate null done", "tenant.create child done"]);
    });

    it("records nothing outside, for a dry run, or for what only reads", async () => {
      const [last] = await entries({ limit: 1 });
      await tenancy.suspend("parent");
      await tenancy.resume("parent");
      await asAnn(async () => {
        await tenancy.migrate("parent", { dryRun: true });
        await tenancy.migrateAll({ dryRun: true });
        await tenancy.diff();
        await tenancy.list();
        await tenancy.healthCheck("parent");
      });
      expect((await entries({ limit: 1 }))[0]?.id).toBe(last?.id);
    });

    it("costs an operation without an actor no round trip", async () => {
      const counted = countCalls();
      const other = world.another({ wrap: counted.wrap });
      const cost = async (fn: () => Promise<unknown>): Promise<number> => {
        await fn();
        const before = counted.calls;
        await fn();
        return counted.calls - before;
      };
      const rename = (): Promise<unknown> => other.update("parent", { name: "x" });
      expect(await cost(rename)).toBe(1);
      expect(await cost(() => other.actingAs(ANN, rename))).toBeGreaterThan(1);
      expect(await cost(rename)).toBe(1);
    });

    it("knows its actor through nesting, and forgets it afterwards", async () => {
      const ben: Actor = { id: "ben" };
      let late: Promise<unknown> | undefined;
      await asAnn(async () => {
        await tenancy.actingAs(ben, () => tenancy.suspend("child"));
        await tenancy.resume("child");
        // Begun inside, and still on Ann's behalf.
        late = tick().then(() => tenancy.suspend("child"));
      });
      await late;
      await tenancy.resume("child");
      const told = await entries({ limit: 3 });
      expect(told.map(({ action, actor }) => [action, actor.id, actor.via])).toEqual([
        ["tenant.suspend", ANN.id, "console"],
        ["tenant.resume", ANN.id, "console"],
        ["tenant.suspend", "ben", "application"],
      ]);
      expect((await entries({ actor: "ben" })).map(said)).toEqual(["tenant.suspend child done"]);
      const other = world.another();
      await asAnn(() => other.suspend("child"));
      await other.resume("child");
      expect((await entries({ limit: 1 }))[0]?.id).toBe(told[0]?.id);
    });

    it("pages from the newest to the oldest, whatever is asked for", async () => {
      const all = await entries({ limit: 1000 });
      for (const options of [
        {},
        { actor: ANN.id },
        { action: "tenant.resume" },
        { outcome: "done" },
      ]) {
        const read: AuditEntry[] = [];
        let cursor: string | undefined;
        do {
          const page = await tenancy.audit({
            ...(options as AuditOptions),
            limit: 3,
            ...(cursor !== undefined && { cursor }),
          });
          read.push(...page.entries);
          cursor = page.nextCursor;
        } while (cursor !== undefined);
        const wanted = all.filter(
          ({ action, actor, outcome }) =>
            action === (options.action ?? action) &&
            actor.id === (options.actor ?? actor.id) &&
            outcome === (options.outcome ?? outcome),
        );
        expect(read).toEqual(wanted);
      }
      const numbers = all.map(({ id }) => Number(id));
      expect(numbers).toEqual(numbers.toSorted((a, b) => b - a));
    });

    it.each<[string, unknown]>([
      ["limit", { limit: 0 }],
      ["limit", { limit: 1001 }],
      ["outcome", { outcome: "lost" }],
      ["actor", { actor: 5 }],
      ["tenant", { tenant: "a\0" }],
    ])("refuses a wrong `%s`", async (option, options) => {
      await expect(tenancy.audit(options as AuditOptions)).rejects.toMatchObject(
        code("INVALID_QUERY", { message: expect.stringContaining(option) as string }),
      );
    });

    it.each(["", "nonsense", "YXVkaXQ6MSA", 5])("refuses %j as a cursor", async (cursor) => {
      await expect(tenancy.audit({ cursor: cursor as string })).rejects.toMatchObject(
        code("INVALID_CURSOR"),
      );
    });

    it.each<unknown>([
      null,
      "ann",
      {},
      { id: "" },
      { id: " ann" },
      { id: "a\nb" },
      { id: "a\0b" },
      { id: "x".repeat(201) },
      { id: "ann", via: "" },
      { id: "ann", via: 5 },
    ])("refuses %j as an actor, and runs nothing", async (actor) => {
      let ran = false;
      const acting = tenancy.actingAs(actor as Actor, () => {
        ran = true;
      });
      await expect(acting).rejects.toMatchObject(code("INVALID_QUERY"));
      expect(ran).toBe(false);
    });

    it("is pruned, which it tells", async () => {
      await world.run({
        mysql: `update ${table} set begun_at = begun_at - interval 40 day where tenant = 'acme'`,
        postgres: `update ${table} set begun_at = begun_at - interval '40 days' where tenant = 'acme'`,
      });
      const old = await entries({ tenant: "acme" });
      expect(await asAnn(() => tenancy.pruneAudit({ olderThanMs: 30 * 86_400_000 }))).toBe(
        old.length,
      );
      expect(await entries({ tenant: "acme" })).toEqual([]);
      expect((await entries({ limit: 1 }))[0]).toMatchObject({
        action: "audit.prune",
        details: { deleted: old.length, olderThanMs: 30 * 86_400_000 },
      });
      for (const olderThanMs of [-1, Number.NaN, "1d", undefined]) {
        await expect(
          tenancy.pruneAudit({ olderThanMs: olderThanMs as number }),
        ).rejects.toMatchObject(code("INVALID_QUERY"));
      }
    });

    it("is not pruned of what still runs", async () => {
      const other: Tenancy = world.another({
        hooks: { afterCreate: async () => void (await other.pruneAudit({ olderThanMs: 0 })) },
      });
      await other.actingAs(ANN, () => other.create("pruning", { migrate: false }));
      expect((await entries()).map(said)).toEqual([
        "audit.prune null done",
        "tenant.create pruning done",
      ]);
      await other.drop("pruning");
    });

    it("is that of one registry, where several share a schema", async () => {
      const other = world.another({ registry: { table: "others" } });
      await other.actingAs(ANN, () => other.migrateGlobal());
      expect((await other.audit()).entries.map(said)).toEqual(["global.migrate null done"]);
      expect((await entries({ limit: 1 }))[0]?.action).toBe("audit.prune");
      expect(await other.pruneAudit({ olderThanMs: 0 })).toBe(1);
      expect(await entries({ limit: 1 })).toHaveLength(1);
    });

    describe("that cannot be written", () => {
      const lock = (): Promise<void> =>
        world.run(`alter table ${table} rename to kirayedar_audit_away`);
      const unlock = (): Promise<void> =>
        world.run(`alter table ${table}_away rename to kirayedar_audit`);

      it("lets nothing be done that it could not tell of, and says which command makes it", async () => {
        await lock();
        await expect(asAnn(() => tenancy.suspend("child"))).rejects.toMatchObject(
          code("REGISTRY_MISSING", {
            message: expect.stringMatching(/audit log.*migrate --global/) as string,
          }),
        );
        expect((await tenancy.get("child")).state).toBe("active");
        // Without an actor it is not needed.
        await tenancy.suspend("child");
        await tenancy.resume("child");
        await unlock();
      });

      it("refuses what the table refuses", async () => {
        await world.run({
          mysql: `alter table ${table} add column why varchar(9) not null`,
          postgres: `alter table ${table} add constraint why check (action = '') not valid`,
        });
        await expect(asAnn(() => tenancy.suspend("child"))).rejects.toMatchObject(
          code("AUDIT_FAILED", { cause: expect.anything() as unknown }),
        );
        expect((await tenancy.get("child")).state).toBe("active");
        await world.run({
          mysql: `alter table ${table} drop column why`,
          postgres: `alter table ${table} drop constraint why`,
        });
      });

      it("makes the table that is missing, and then tells of it", async () => {
        await world.run(`drop table ${table}`);
        // As an older version has left it.
        await world.run(
          `update ${world.globalSchema}.kirayedar_migrations set checksum = 'kirayedar_registry_1'`,
        );
        await asAnn(() => tenancy.migrateGlobal());
        const [entry, ...others] = await entries();
        expect(others).toEqual([]);
        expect(entry).toMatchObject({
          action: "global.migrate",
          actor: ANN,
          details: { versions: ["00000000000000"] },
          outcome: "done",
        });
        expect(entry?.durationMs).toBeGreaterThan(0);
      });

      it("goes on to say that a change began, when its end cannot be told", async () => {
        const from = world.log.length;
        const other = world.another({
          hooks: { afterDrop: lock },
        });
        await other.actingAs(ANN, () => other.drop("child"));
        await unlock();
        expect(await tenancy.exists("child")).toBe(false);
        expect((await entries({ limit: 1 })).map(said)).toEqual(["tenant.drop child begun"]);
        const warnings = world.log.slice(from).filter(({ level }) => level === "warn");
        expect(warnings.map(({ message }) => message)).toEqual(["end of a change not recorded"]);
      });
    });

    it("begins nothing where the server cannot be reached", async () => {
      const other = world.another({ driver: { url: NOWHERE[engine.family] }, globalSchema: "x" });
      await expect(other.actingAs(ANN, () => other.suspend("child"))).rejects.toMatchObject(
        code("DATABASE_UNAVAILABLE"),
      );
    });

    it("says that a process died before the end", async () => {
      await tenancy.create("victim", { seed: false });
      const { id } = await tenancy.get("victim");
      await dieAt(world, "drop", "victim");
      const [entry] = await entries({ limit: 1 });
      expect(entry).toMatchObject({
        action: "tenant.drop",
        actor: { id: "dying", via: "application" },
        durationMs: null,
        errorCode: null,
        outcome: "begun",
        tenant: "victim",
        tenantId: id,
      });
      // A creation knows no id before it has one: its tenant has the slug.
      await dieAt(world, "create", "newborn");
      const born = await tenancy.create("newborn", { seed: false });
      expect((await entries({ tenantId: born.id })).map(said)).toEqual([
        "tenant.create newborn begun",
      ]);
      expect((await entries({ outcome: "begun" })).map(said)).toEqual([
        "tenant.create newborn begun",
        "tenant.drop victim begun",
        "tenant.drop child begun",
      ]);
    });

    it(
      "keeps nobody waiting who holds the last connection for operations",
      { timeout: 10_000 },
      async () => {
        const other: Tenancy = world.another({
          driver: { maintenanceConnections: 1 },
          hooks: { afterCreate: async () => void (await other.update("parent", { name: "Told" })) },
        });
        await other.actingAs(ANN, () => other.create("hooked", { migrate: false }));
        expect(await newest(2)).toEqual(["tenant.update parent done", "tenant.create hooked done"]);
        await other.drop("hooked");
      },
    );

    it("keeps nobody waiting who holds the last connection of the pool", async () => {
      const other = world.another({ driver: { max: 1 } });
      await asAnn(() =>
        other.scopeGlobal(() =>
          other.transaction(async (tx) => {
            await tx.query("select 1");
            await other.actingAs(ANN, () => other.suspend("parent"));
          }),
        ),
      );
      expect(await newest(1)).toEqual(["tenant.suspend parent done"]);
    });
  },
  [POSTGRES, MARIADB],
);
