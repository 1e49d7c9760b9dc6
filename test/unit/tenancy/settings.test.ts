import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import type { TenancyConfig } from "../../../src/core/config.ts";
import { pg } from "../../../src/drivers/pg/index.ts";
import { resolveSettings } from "../../../src/tenancy/settings.ts";
import { singular } from "../../../src/tenancy/singular.ts";

const database = pg({ connectionString: "postgres://127.0.0.1:1/none" });
const settings = (config: Partial<TenancyConfig> = {}) => resolveSettings({ database, ...config });

describe("resolveSettings", () => {
  it("fills in every default", () => {
    const { migrations, registry, resolvers, resolving, rules, ...rest } = settings();
    expect(rest).toMatchObject({
      cache: { maxEntries: 10_000, negativeTtlMs: 30_000, ttlMs: 300_000 },
      hooks: {},
      lockTimeoutMs: 10_000,
    });
    expect(migrations).toEqual({
      global: resolve("migrations/global"),
      lockWaitMs: 1_000,
      migrate: "manually",
      optional: { global: true, tenant: true },
      strictOrder: false,
      table: "kirayedar_migrations",
      tenant: resolve("migrations/tenant"),
    });
    expect(registry).toMatchObject({
      columns: { created_at: "created_at", id: "id", slug: "slug" },
      domainsTable: "tenant_domains",
      extraColumns: {},
      schema: "public",
      table: "tenants",
    });
    expect(resolvers.map(({ name }) => name)).toEqual(["host"]);
    expect(resolving).toEqual({
      adminHosts: new Set(),
      primaryDomain: undefined,
      slugFallback: false,
    });
    expect(rules).toMatchObject({
      globalSchema: "public",
      reservedSlugs: [],
      sharedSchemas: [],
      tenantPrefix: "tenant_",
    });
  });

  it("normalises hosts", () => {
    expect(
      settings({ adminHost: ["Admin.Example.COM.", "bücher.test"], primaryDomain: "EXAMPLE.com" })
        .resolving,
    ).toEqual({
      adminHosts: new Set(["admin.example.com", "xn--bcher-kva.test"]),
      primaryDomain: "example.com",
      slugFallback: false,
    });
  });

  it("starts relative folders from the root folder", () => {
    const { migrations } = settings({ migrations: { tenant: "db/tenant" }, rootDir: "/srv/app" });
    expect(migrations).toMatchObject({
      global: "/srv/app/migrations/global",
      optional: { global: true, tenant: false },
      strictOrder: false,
      tenant: "/srv/app/db/tenant",
    });
  });

  it("names the domains' table after the tenants'", () => {
    expect(settings({ registry: { table: "companies" } }).registry.domainsTable).toBe(
      "company_domains",
    );
  });

  it("makes reserved expressions forget where they stopped", () => {
    const [rule] = settings({ reservedSlugs: [/^x/gi] }).rules.reservedSlugs;
    expect(rule).toEqual(/^x/i);
  });

  const WRONG: readonly (readonly [string, unknown])[] = [
    ["adminHost", "not a host"],
    ["adminHost", "127.0.0.1"],
    ["adminHost", [7]],
    ["cache", []],
    ["cache.maxEntries", { maxEntries: 0 }],
    ["cache.maxEntries", { maxEntries: 1.5 }],
    ["cache.negativeTtlMs", { negativeTtlMs: -1 }],
    ["cache.size", { size: 1 }],
    ["cache.ttlMs", { ttlMs: Number.NaN }],
    ["cache.ttlMs", { ttlMs: "300" }],
    ["database", { query: 1 }],
    ["database", {}],
    ["domains", "dns"],
    ["domains.fetch", { fetch: "http" }],
    ["domains.graceMs", { graceMs: -1 }],
    ["domains.label", { label: "a.b" }],
    ["domains.label", { label: "_" }],
    ["domains.methods", { methods: [] }],
    ["domains.methods", { methods: ["dns", "dns"] }],
    ["domains.methods", { methods: ["mail"] }],
    ["domains.resolver", { resolver: {} }],
    ["domains.timeoutMs", { timeoutMs: 0 }],
    ["domains.ttl", { ttl: 1 }],
    ["globalSchema", ""],
    ["globalSchema", "x".repeat(64)],
    ["hooks", 1],
    ["hooks.afterCreate", { afterCreate: "function" }],
    ["hooks.onCreate", { onCreate: () => undefined }],
    ["importModule", "tsx"],
    ["lockTimeoutMs", -1],
    ["lockTimeoutMs", Infinity],
    ["logger", { info: () => undefined }],
    ["logger", false],
    ["migrations", "migrations"],
    ["migrations", { global: "same", tenant: "same" }],
    ["migrations.folder", { folder: "x" }],
    ["migrations.migrate", { migrate: true }],
    ["migrations.table", { table: "a\u0000" }],
    ["migrations.tenant", { tenant: 5 }],
    ["migrations.tenant", { tenant: "" }],
    ["migrations.tenant", { tenant: ["file.sql"] }],
    ["nonsense", true],
    ["primaryDomain", "https://example.com"],
    ["primaryDomain", 5],
    ["registry", null],
    ["registry.columns.id", { columns: { id: "" } }],
    ["registry.columns.state", { columns: { slug: "state" } }],
    ["registry.columns.title", { columns: { title: "name" } }],
    ["registry.domainsTable", { domainsTable: "t", table: "t" }],
    ["registry.extraColumns.plan", { extraColumns: { plan: "" } }],
    ["registry.extraColumns.slug", { extraColumns: { slug: "text" } }],
    ["registry.schema", { schema: "x" }],
    ["registry.table", { table: 5 }],
    ["registry.table", { table: "x".repeat(64) }],
    ["reservedSlugs", "www"],
    ["reservedSlugs[1]", ["www", 7]],
    ["resolvers", "host"],
    ["resolvers[0]", [{ name: "x" }]],
    ["resolvers[0]", [{ identify: () => undefined }]],
    ["rootDir", 5],
    ["sharedSchemas", "extensions"],
    ["sharedSchemas[0]", [""]],
    ["slugFallback", "yes"],
    ["tenantPrefix", "a b"],
    ["tenantPrefix", "pg_"],
    ["tenantPrefix", "x".repeat(63)],
    ["tenantPrefix", 5],
  ];

  it.each(WRONG)("names the option %s when it is %j", (option, value) => {
    const [key = "", inner] = option.split(/[.[]/);
    const config =
      inner === undefined || typeof value !== "object" ? { [key]: value } : { [key]: value };
    expect(() => settings(config as Partial<TenancyConfig>)).toThrow(
      expect.objectContaining({
        code: "INVALID_CONFIG",
        message: expect.stringContaining(`\`${option}\``) as string,
      }),
    );
  });

  it("says what to pass when there is no database, or no configuration", () => {
    const without = (config: unknown) => () => resolveSettings(config as TenancyConfig);
    expect(without({})).toThrow(/no `database`.*pg\(\{ connectionString \}\)/);
    expect(without(undefined)).toThrow(expect.objectContaining({ code: "INVALID_CONFIG" }));
  });

  it("takes options that are there but undefined for absent", () => {
    const config = {
      adminHost: undefined,
      cache: undefined,
      primaryDomain: undefined,
    } as unknown as Partial<TenancyConfig>;
    expect(settings(config).resolving.primaryDomain).toBeUndefined();
  });
});

describe("singular", () => {
  it.each([
    ["tenants", "tenant"],
    ["companies", "company"],
    ["businesses", "business"],
    ["branches", "branch"],
    ["boxes", "box"],
    ["organizations", "organization"],
    ["status", "status"],
    ["staff", "staff"],
  ])("of %s is %s", (plural, expected) => {
    expect(singular(plural)).toBe(expected);
  });
});
