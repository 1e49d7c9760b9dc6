import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Migration } from "../../../src/core/migrator.ts";
import type { FleetStatus } from "../../../src/core/fleet-status.ts";
import { describeEngines } from "../../support/engines.ts";
import { code, CREATE_NOTE, createWorld, FAILING, type World } from "../lifecycle/world.ts";
import { type Counted, countCalls } from "./counting-driver.ts";

const TAGS: Migration = {
  down: "drop table tags",
  file: "20260101000002_tags.sql",
  name: "tags",
  up: "create table tags (id int)",
  version: "20260101000002",
};
/** A function, of which nothing is known beforehand. */
const CODE: Migration = {
  name: "code",
  up: (db) => db.script("create table code (id int)"),
  version: "20260101000003",
};
const SLUGS = ["t0", "t1", "t2", "t3"];
const NOBODY = { count: 0, slugs: [] };

describeEngines("the status of a fleet", (engine) => {
  let world: World;
  let ahead: ReturnType<World["another"]>;
  let counted: Counted;

  beforeAll(async () => {
    world = await createWorld({}, engine);
    counted = countCalls();
    ahead = world.another({
      migrations: { global: [], tenant: [CREATE_NOTE, TAGS, CODE] },
      wrap: counted.wrap,
    });
  });

  afterAll(() => world.close());

  beforeEach(async () => {
    await world.run("delete from tenants where slug like 'z%'");
    await world.run("update tenants set state = 'active'");
    await world.run("delete from kirayedar_runs");
    const { rows } = await world.contents();
    for (const { slug } of rows) await world.tenancy.drop(slug as string);
    for (const slug of SLUGS) await world.tenancy.create(slug);
  });

  /** Makes tenants without schemas, which are alike. */
  async function insertLike(slug: string, howMany: number): Promise<void> {
    const { migrationsDigest, version } = await world.tenancy.get(slug);
    const rows = Array.from(
      { length: howMany },
      (_, n) => `('z${n}', 'none_${n}', 'active', '${version}', '${migrationsDigest}')`,
    );
    const columns = "slug, schema_name, state, version, migrations_digest";
    await world.run(`insert into tenants (${columns}) values ${rows.join(", ")}`);
  }

  it("counts tenants by version, and names who is behind", async () => {
    await ahead.migrate("t1");
    const { global, ...status } = await ahead.fleetStatus();
    expect(status).toEqual({
      ahead: NOBODY,
      behind: { count: 3, slugs: ["t0", "t2", "t3"] },
      changed: NOBODY,
      dirty: NOBODY,
      failed: { count: 0, tenants: [] },
      latestVersion: CODE.version,
      mismatched: null,
      tenants: 4,
      versions: [
        { ahead: 0, behind: 0, tenants: 1, version: CODE.version },
        { ahead: 0, behind: 3, tenants: 3, version: CREATE_NOTE.version },
      ],
    } satisfies Omit<FleetStatus, "global">);
    expect(global).toMatchObject([{ state: "applied" }]);
    expect(await world.tenancy.fleetStatus({ verify: true })).toMatchObject({
      ahead: { count: 1, slugs: ["t1"] },
      behind: NOBODY,
      mismatched: NOBODY,
    });
  });

  it("knows a tenant that lacks an older migration, though it is at the newest version", async () => {
    const late = { name: "late", up: "create table late (id int)", version: "20260101000000" };
    const merged = world.another({ migrations: { global: [], tenant: [late, CREATE_NOTE] } });
    await merged.migrate("t1");
    expect(await merged.fleetStatus()).toMatchObject({
      behind: { count: 3, slugs: ["t0", "t2", "t3"] },
      versions: [{ behind: 3, tenants: 4, version: CREATE_NOTE.version }],
    });
  });

  it("tells those that are ahead, and those that are both", async () => {
    await ahead.migrate("t0", { to: TAGS.version });
    const other = {
      ...TAGS,
      name: "other",
      up: "create table other (id int)",
      version: "20260101000009",
    };
    const branch = world.another({ migrations: { global: [], tenant: [CREATE_NOTE, other] } });
    expect(await branch.fleetStatus()).toMatchObject({
      ahead: { count: 1, slugs: ["t0"] },
      behind: { count: 4, slugs: SLUGS },
      versions: [
        { ahead: 1, behind: 1, tenants: 1, version: TAGS.version },
        { ahead: 0, behind: 3, tenants: 3, version: CREATE_NOTE.version },
      ],
    });
  });

  it("tells those whose files were changed since", async () => {
    const edited = { ...CREATE_NOTE, up: `${String(CREATE_NOTE.up)} -- edited` };
    const checkout = world.another({ migrations: { global: [], tenant: [edited] } });
    for (const verify of [false, true]) {
      expect(await checkout.fleetStatus({ verify })).toMatchObject({
        behind: NOBODY,
        changed: { count: 4, slugs: SLUGS },
      });
    }
  });

  it("tells those that stopped halfway", async () => {
    const half: Migration = {
      name: "half",
      transaction: false,
      up: `create table half (id int); ${FAILING[engine.family]}`,
      version: "20260101000002",
    };
    const halfway = world.another({ migrations: { global: [], tenant: [CREATE_NOTE, half] } });
    await expect(halfway.migrate("t2")).rejects.toMatchObject(code("MIGRATION_FAILED"));
    for (const verify of [false, true]) {
      expect(await halfway.fleetStatus({ verify })).toMatchObject({
        behind: { count: 3 },
        dirty: { count: 1, slugs: ["t2"] },
      });
    }
  });

  it("names who failed in a run, until a run comes by or the tenant is migrated", async () => {
    const picky = {
      ...TAGS,
      up: "create table tags (id int); insert into note (body) select missing from nowhere",
    };
    const failing = world.another({ migrations: { global: [], tenant: [CREATE_NOTE, picky] } });
    const { runId = "" } = await failing.migrateAll({ only: ["t1", "t2"] });
    const failures = ["t1", "t2"].map((slug) => ({ code: "MIGRATION_FAILED", run: runId, slug }));
    expect((await ahead.fleetStatus()).failed).toEqual({ count: 2, tenants: failures });
    expect((await ahead.fleetStatus({ limit: 1 })).failed).toEqual({
      count: 2,
      tenants: failures.slice(0, 1),
    });
    // On an engine that commits DDL the table is there already.
    await world.tenancy.drop("t1");
    await world.tenancy.create("t1");
    await ahead.migrate("t1");
    expect((await ahead.fleetStatus()).failed).toMatchObject({ tenants: [{ slug: "t2" }] });
    const again = await failing.migrateAll({ only: ["t2"] });
    expect((await ahead.fleetStatus()).failed.tenants).toMatchObject([{ run: again.runId }]);
    await world.tenancy.drop("t2");
    expect((await ahead.fleetStatus()).failed).toEqual({ count: 0, tenants: [] });
  });

  it("leaves out those that no run takes, but for the failed ones", async () => {
    await world.run("update tenants set state = 'archived' where slug = 't0'");
    await world.run("update tenants set state = 'failed' where slug = 't1'");
    for (const verify of [false, true]) {
      const status = await ahead.fleetStatus({ verify });
      expect(status).toMatchObject({
        behind: { count: 2, slugs: ["t2", "t3"] },
        failed: { count: 1, tenants: [{ code: null, run: null, slug: "t1" }] },
        tenants: 4,
        versions: [{ behind: 2, tenants: 4 }],
      });
    }
  });

  it("believes the registry, and finds what is wrong with it when asked to", async () => {
    await ahead.migrate("t0");
    await world.run("update tenants set migrations_digest = null where slug = 't1'");
    await world.run(
      `update tenants set version = '${CODE.version}', migrations_digest = '${(await ahead.get("t0")).migrationsDigest}' where slug = 't2'`,
    );
    expect(await ahead.fleetStatus()).toMatchObject({ behind: { count: 2, slugs: ["t1", "t3"] } });
    await world.removeSchema(world.schema("t3"));
    expect(await ahead.fleetStatus({ verify: true })).toMatchObject({
      behind: { count: 2, slugs: ["t1", "t2"] },
      failed: { count: 1, tenants: [{ code: "SCHEMA_NOT_FOUND", run: null, slug: "t3" }] },
      mismatched: { count: 2, slugs: ["t1", "t2"] },
    });
    expect((await ahead.migrateAll({ only: ["t0", "t1", "t2"], verify: true })).ok).toBe(true);
    expect(await ahead.fleetStatus({ verify: true })).toMatchObject({
      behind: NOBODY,
      mismatched: NOBODY,
    });
  });

  it("lists no more than it is asked to, and counts all", async () => {
    expect((await ahead.fleetStatus({ limit: 0 })).behind).toEqual({ count: 4, slugs: [] });
    expect((await ahead.fleetStatus({ limit: 2 })).behind.slugs).toEqual(["t0", "t1"]);
    const { behind } = await ahead.fleetStatus({ limit: 3, verify: true });
    expect(behind).toEqual({ count: 4, slugs: ["t0", "t1", "t2"] });
    await expect(ahead.fleetStatus({ limit: 0.5 })).rejects.toMatchObject(code("INVALID_QUERY"));
  });

  it("takes as many queries for hundreds of tenants as for a few", async () => {
    await ahead.migrate("t3", { to: TAGS.version });
    counted.calls = 0;
    await ahead.fleetStatus();
    const few = counted.calls;
    await insertLike("t0", 300);
    counted.calls = 0;
    const { behind } = await ahead.fleetStatus({ limit: 1_000 });
    expect(behind.count).toBe(304);
    expect(behind.slugs).toHaveLength(304);
    expect(counted.calls).toBe(few);
    expect(few).toBeLessThan(12);
  });

  describe("a dry run", () => {
    it("lists the migrations that are pending in any tenant, with what is run", async () => {
      await ahead.migrate("t0", { to: TAGS.version });
      const { pending, results } = await ahead.migrateAll({ dryRun: true });
      expect(pending).toMatchObject([
        { file: TAGS.file, up: TAGS.up, version: TAGS.version },
        { up: CODE.up, version: CODE.version },
      ]);
      const byTenant = results.toSorted((a, b) => (a.tenant < b.tenant ? -1 : 1));
      expect(byTenant).toMatchObject([
        { fromVersion: TAGS.version, tenant: "t0", versions: [CODE.version] },
        { fromVersion: CREATE_NOTE.version, tenant: "t1", versions: [TAGS.version, CODE.version] },
        { schemaName: world.schema("t2"), tenant: "t2" },
        { tenant: "t3" },
      ]);
      expect((await ahead.migrateAll({ dryRun: true, only: ["t0"] })).pending).toHaveLength(1);
      expect((await ahead.rollbackAll({ dryRun: true, only: ["t1"] })).pending).toMatchObject([
        { version: CREATE_NOTE.version },
      ]);
      expect((await ahead.get("t0")).version).toBe(TAGS.version);
    });

    it("takes no query for each of hundreds of tenants that are alike", async () => {
      await insertLike("t0", 300);
      counted.calls = 0;
      const { counts } = await ahead.migrateAll({ concurrency: 4, dryRun: true });
      expect(counts).toMatchObject({ changed: 304, failed: 0 });
      expect(counted.calls).toBeLessThan(15);
    });

    it("looks at each of those that may not be alike", async () => {
      await world.run("update tenants set migrations_digest = null where slug in ('t0', 't1')");
      await world.removeSchema(world.schema("t2"));
      const { failed, results } = await ahead.migrateAll({ concurrency: 1, dryRun: true });
      expect(failed).toMatchObject([{ error: code("SCHEMA_NOT_FOUND"), tenant: "t2" }]);
      expect(results).toHaveLength(4);
    });
  });
});
