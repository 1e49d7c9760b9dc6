import { Validator } from "@seriousme/openapi-schema-validator";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type {
  AuditList,
  MigrationsOverview,
  Overview,
  RunDetails,
  RunList,
  TenantDetails,
  TenantList,
} from "../../../src/admin/contract.ts";
import { ROUTES } from "../../../src/admin/api/routes.ts";
import { pg } from "../../../src/drivers/pg/index.ts";
import { type AdminClient, openClient } from "../../support/admin-client.ts";
import { type AdminWorld, openAdminWorld } from "../../support/admin-world.ts";
import type { TestDatabase } from "../../support/create-database.ts";
import { createTestDatabase } from "../../support/database.ts";

describe("the console's API", () => {
  let database: TestDatabase;
  let world: AdminWorld;
  let client: AdminClient;
  const details = (slug: string): Promise<TenantDetails> => client.get(`api/tenants/${slug}`);

  beforeAll(async () => {
    database = await createTestDatabase();
    world = await openAdminWorld({ driver: pg({ connectionString: database.url }), tenants: 14 });
    client = openClient(world.tenancy);
  });
  afterAll(async () => {
    await world.close();
    await database.drop();
  });

  it("says who asks and what is configured", async () => {
    expect(await client.get("api/session")).toMatchObject({
      engine: "postgres",
      extraColumns: ["plan"],
      hasSeed: true,
      may: "destroy",
      person: "ada",
      primaryDomain: "example.com",
      tenantPrefix: "tenant_",
    });
  });

  it("shows the fleet at once, and the largest tenants as soon as they are known", async () => {
    const first = await client.get<Overview>("api/overview?days=7");
    expect(first).toMatchObject({ failureCount: 1, tenants: 14 });
    expect(first.created).toHaveLength(7);
    await expect
      .poll(async () => (await client.get<Overview>("api/overview")).largest?.length)
      .toBe(10);
  });

  it("pages through tenants, sorted and filtered, and counts them once", async () => {
    const first = await client.get<TenantList>("api/tenants?limit=10&sort=name&direction=desc");
    expect(first).toMatchObject({ total: 14 });
    const cursor = encodeURIComponent(first.nextCursor ?? "");
    const second = await client.get<TenantList>(
      `api/tenants?limit=10&sort=name&direction=desc&cursor=${cursor}`,
    );
    expect(second).toMatchObject({ nextCursor: null, total: null });
    const names = [...first.tenants, ...second.tenants].map(({ name }) => name);
    expect(names).toHaveLength(14);
    expect(names[0]).toBe("Wayne Enterprises");
    const none = await client.get<TenantList>("api/tenants?version=none&search=acme");
    expect(none).toMatchObject({ tenants: [], total: 0 });
    const found = await client.get<TenantList>("api/tenants?search=UMBRELLA&state=active");
    expect(found.tenants.every(({ slug }) => slug.startsWith("umbrella"))).toBe(true);
  });

  it("makes a tenant step by step, and checks its slug before", async () => {
    expect(await client.get("api/slug-check?slug=new-one")).toEqual({
      host: "new-one.example.com",
      ok: true,
      reason: null,
      schemaName: "tenant_new_one",
      slug: "new-one",
    });
    const made = await client.operate("api/tenants", {
      domains: ["new.test"],
      name: "New & <One>",
      slug: "new-one",
    });
    expect(made).toMatchObject({
      action: "tenant.create",
      error: null,
      person: "ada",
      state: "done",
      tenant: "new-one",
    });
    expect(made.steps.map(({ step }) => step)).toEqual(
      expect.arrayContaining(["row", "schema", "migrations", "seed"]),
    );
    expect(await details("new-one")).toMatchObject({
      domains: ["new.test"],
      hosts: ["new.test", "new-one.example.com"],
      name: "New & <One>",
    });
    for (const slug of ["new-one", "Bad Slug", "admin"]) {
      const check = await client.get(`api/slug-check?slug=${encodeURIComponent(slug)}`);
      expect(check).toMatchObject({ ok: false, reason: expect.any(String) as string });
      const refused = await client.send("POST", "api/tenants", { body: { slug } });
      expect([slug, refused.status]).toEqual([slug, slug === "new-one" ? 409 : 400]);
    }
  });

  it("tells why a creation failed, without values of rows", async () => {
    const failed = await client.operate("api/tenants", { domains: ["acme.test"], slug: "thief" });
    expect(failed).toMatchObject({ error: { code: "DOMAIN_TAKEN" }, state: "failed" });
  });

  it("makes again what was left half-made when its process died", async () => {
    await client.operate("api/tenants", { slug: "orphan" });
    await world.tenancy.scopeGlobal(() =>
      world.tenancy.query("update tenants set state = 'provisioning' where slug = 'orphan'"),
    );
    expect(await client.get("api/slug-check?slug=orphan")).toMatchObject({ ok: true });
    const again = await client.operate("api/tenants", { slug: "orphan" });
    expect(again).toMatchObject({ state: "done", summary: expect.stringMatching(/is active/) });
    await client.operate("api/tenants/orphan/drop", { confirm: "orphan" });
  });

  it("takes a tenant through its states", async () => {
    expect(await client.operate("api/tenants/new-one/suspend")).toMatchObject({
      summary: "new-one is now in state suspended.",
    });
    expect((await details("new-one")).actions).toEqual([
      "resume",
      "rename",
      "migrate",
      "rollback",
      "seed",
      "drop",
    ]);
    await client.operate("api/tenants/new-one/resume");
    await client.operate("api/tenants/new-one/maintenance");
    expect(await client.operate("api/tenants/new-one/suspend")).toMatchObject({
      error: { code: "INVALID_STATE" },
      state: "failed",
    });
    await client.operate("api/tenants/new-one/resume");
    await client.operate("api/tenants/new-one/rename", { renameSchema: true, slug: "newer" });
    expect(await details("newer")).toMatchObject({ schemaName: "tenant_newer" });
    const changed = await client.send<TenantDetails>("PATCH", "api/tenants/newer", {
      body: { name: null },
    });
    expect(changed).toMatchObject({ body: { name: null }, status: 200 });
  });

  it("migrates, rolls back and seeds one tenant", async () => {
    const undone = await client.operate("api/tenants/newer/rollback", {
      confirm: "newer",
      steps: 2,
    });
    expect(undone.summary).toBe("Undid 20260601120000, 20260409083000.");
    expect((await details("newer")).health?.pending).toHaveLength(2);
    expect((await client.operate("api/tenants/newer/migrate")).summary).toBe(
      "Applied 20260409083000, 20260601120000.",
    );
    const seeded = await client.operate("api/tenants/newer/seed");
    // The seed is there already, and its address is unique by now.
    expect(seeded).toMatchObject({ error: { code: "SEED_FAILED" }, state: "failed" });
    expect(JSON.stringify(seeded)).not.toContain("ada@example.com");
    expect(await client.get("api/tenants/newer/tables")).toMatchObject({
      tables: expect.arrayContaining([expect.objectContaining({ name: "people" })]) as unknown[],
    });
  });

  it("claims, trusts, sorts and removes domains", async () => {
    const claimed = await client.send("POST", "api/tenants/newer/domains", {
      body: { domain: "Shop.Newer.test" },
    });
    expect(claimed.body).toMatchObject({ domain: "shop.newer.test", state: "pending" });
    const path = "api/tenants/newer/domains/own.newer.test";
    const trusted = await client.send("POST", "api/tenants/newer/domains", {
      body: { domain: "own.newer.test", trusted: true },
    });
    expect(trusted.body).toMatchObject({ isPrimary: false, state: "trusted" });
    expect((await client.send("POST", `${path}/primary`)).body).toMatchObject({ isPrimary: true });
    expect((await client.send("DELETE", path)).status).toBe(204);
    const { domainList } = await details("newer");
    expect(domainList.map(({ domain }) => domain)).toEqual(["new.test", "shop.newer.test"]);
  });

  it("runs over the fleet, and tells of every failure without values of rows", async () => {
    const before = await client.get<MigrationsOverview>("api/migrations");
    expect(before.pending).toEqual(
      expect.arrayContaining([{ name: "unique_emails", version: "20260601120000" }]),
    );
    expect(before.resumable).toBe("1");
    const run = await client.operate("api/runs", { canary: ["acme"], verb: "migrate" });
    expect(run).toMatchObject({
      counts: { failed: 1 },
      failures: [{ code: "MIGRATION_FAILED", slug: "stark" }],
      state: "done",
    });
    expect(JSON.stringify(run)).not.toMatch(/person1@/);
    const { runs } = await client.get<RunList>("api/runs");
    expect(runs[0]).toMatchObject({ id: run.runId, state: "failed" });
    const record = await client.get<RunDetails>(`api/runs/${run.runId ?? ""}`);
    expect(record.tenants).toMatchObject([{ outcome: "failed", slug: "stark" }]);
    expect((await client.send("GET", "api/runs/999999")).status).toBe(404);
    const dry = await client.operate("api/runs", { dryRun: true, verb: "rollback" });
    expect(dry.summary).toMatch(/would be rolled back/);
    expect([run.dryRun, dry.dryRun]).toEqual([false, true]);
  });

  it("drops a tenant, and keeps who did what", async () => {
    const dropped = await client.operate("api/tenants/newer/drop", { confirm: "newer" });
    expect(dropped.summary).toBe("newer and all its data are gone.");
    expect((await client.send("GET", "api/tenants/newer")).status).toBe(404);
    const { entries } = await client.get<AuditList>("api/audit?tenant=newer&limit=3");
    expect(entries[0]).toMatchObject({
      action: "tenant.drop",
      actor: "ada",
      outcome: "done",
      via: "console",
    });
    const events = await client.get<AuditList>("api/tenants/acme/events?outcome=done");
    expect(events.entries.length).toBeGreaterThan(2);
  });

  it("describes every route in a valid OpenAPI document, and answers as it says", async () => {
    const { id } = await client.operate("api/migrations/global");
    expect(await client.get(`api/operations/${id}`)).toMatchObject({ id, state: "done" });
    await client.get("api/migrations/global");
    await client.get("api/tenants/acme/migrations");
    const unverified = await client.send("POST", "api/tenants/acme/domains/shop.acme.test/verify");
    expect(unverified).toMatchObject({ status: 422 });
    const document = await client.get<Record<string, unknown>>("api/openapi.json");
    const { valid, errors } = await new Validator().validate(document);
    expect({ errors, valid }).toEqual({ errors: undefined, valid: true });
    const described = Object.entries(document["paths"] as Record<string, object>).flatMap(
      ([path, methods]) =>
        Object.keys(methods).map((name) => `${name.toUpperCase()} ${path.slice(1)}`),
    );
    const all = ROUTES.map(({ method, path }) => `${method} ${path}`);
    expect(described.toSorted()).toEqual(all.toSorted());
    // The client has compared each answer of these tests with the document.
    const elsewhere = [
      "GET events",
      "POST operations/{id}/stop",
      "POST tenants/{slug}/domains/{domain}/verify",
    ];
    expect([...client.answered, ...elsewhere].toSorted()).toEqual(all.toSorted());
  });
});
