import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { ListOptions, TenantSort } from "../../../src/core/registry.ts";
import type { RegistryFilter } from "../../../src/core/registry-sql.ts";
import type { Tenant } from "../../../src/core/tenant.ts";
import type { RegistryTables } from "../../../src/core/settings.ts";
import { mysql } from "../../../src/dialects/mysql/index.ts";
import { postgres } from "../../../src/dialects/postgres/index.ts";
import { describeEngines, inWords, MARIADB, POSTGRES } from "../../support/engines.ts";
import { code, createWorld, type World } from "../lifecycle/world.ts";

const SORTS: readonly TenantSort[] = ["slug", "name", "createdAt", "updatedAt"];
const REGISTRY_COLUMNS = [
  "created_at",
  "id",
  "migrations_digest",
  "name",
  "schema_name",
  "server",
  "slug",
  "state",
  "updated_at",
  "version",
];
const MANY = 150;
const SEED = 20_260_101;

/** Names of every kind, many of them equal, and some that differ only beyond what an index holds. */
function names(): (string | null)[] {
  const long = "x".repeat(120);
  const name = fc.oneof(
    fc.constantFrom(
      null,
      "",
      "Acme",
      "acme",
      "ACME",
      "Ähre",
      "ähre",
      `${long}a`,
      `${long}b`,
      "a b",
    ),
    fc.string({ maxLength: 12, unit: "grapheme" }).filter((text) => !text.includes("\0")),
    fc.string({ maxLength: 120, unit: "grapheme-ascii" }),
  );
  return fc.sample(name, { numRuns: MANY, seed: SEED });
}

describeEngines(
  "a sorted list",
  (engine) => {
    let world: World;

    beforeAll(async () => {
      world = await createWorld({}, engine);
      const { globalSchema } = world;
      const values = names().map((name, index) => {
        const slug = `t-${String((index * 7919) % MANY).padStart(3, "0")}`;
        const day = String((index % 5) + 1).padStart(2, "0");
        return [
          slug,
          `s_${slug}`,
          index % 9 === 0 ? "suspended" : "active",
          name,
          `2026-01-${day} 10:00:00.12345${index % 7}`,
        ];
      });
      const marks = values.map((row, at) =>
        row.map((_, index) =>
          engine.family === "mysql" ? "?" : `$${at * row.length + index + 1}`,
        ),
      );
      const rows = marks.map((row) => `(${row.join(", ")})`).join(", ");
      await world.admin.query(
        `insert into ${globalSchema}.tenants (slug, schema_name, state, name, created_at) values ${rows}`,
        values.flat(),
      );
    }, 60_000);
    afterAll(() => world.close());

    const page = (options: ListOptions): ReturnType<World["tenancy"]["list"]> =>
      world.tenancy.list(options);

    async function walk(options: ListOptions): Promise<Tenant[]> {
      const all: Tenant[] = [];
      let cursor: string | undefined;
      do {
        const { nextCursor, tenants } = await page({
          ...options,
          ...(cursor !== undefined && { cursor }),
        });
        all.push(...tenants);
        cursor = nextCursor;
      } while (cursor !== undefined);
      return all;
    }

    it.each(SORTS)("has by %s the same on its pages as whole, in both directions", async (sort) => {
      const { tenants: whole } = await page({ limit: 1000, sort });
      expect(new Set(whole.map(({ slug }) => slug)).size).toBe(MANY);
      expect(await walk({ limit: 19, sort })).toEqual(whole);
      expect(await walk({ descending: true, limit: 50, sort })).toEqual(whole.toReversed());
      const suspended = whole.filter(({ state }) => state === "suspended");
      expect(await walk({ limit: 7, sort, state: "suspended" })).toEqual(suspended);
      const acme = whole.filter(({ name }) => name?.toLowerCase() === "acme");
      expect(await walk({ descending: true, limit: 2, search: "acme", sort })).toEqual(
        acme.toReversed(),
      );
    });

    it("is in order, by slug where tenants are equal otherwise", async () => {
      const isOrdered = (tenants: readonly Tenant[], keyOf: (tenant: Tenant) => string): boolean =>
        tenants.every((tenant, index) => {
          const before = tenants[index - 1];
          if (before === undefined) return true;
          const [a, b] = [Buffer.from(keyOf(before)), Buffer.from(keyOf(tenant))];
          const order = Buffer.compare(a, b);
          return order < 0 || (order === 0 && before.slug < tenant.slug);
        });
      const byName = (await page({ limit: 1000, sort: "name" })).tenants;
      const simple = byName.filter(({ name }) => /^[ -~]*$/.test(name ?? ""));
      expect(simple.length).toBeGreaterThan(MANY / 2);
      expect(isOrdered(simple, ({ name }) => (name ?? "").toLowerCase().slice(0, 100))).toBe(true);
      const byTime = (await page({ limit: 1000, sort: "createdAt" })).tenants;
      const times = byTime.map(({ createdAt }) => createdAt.getTime());
      expect(times).toEqual(times.toSorted((a, b) => a - b));
    });

    it("refuses a cursor of another order, or one that was made by hand", async () => {
      const cursors = new Map<string, string>();
      for (const sort of SORTS) {
        for (const descending of [false, true]) {
          const { nextCursor = "" } = await page({ descending, limit: 1, sort });
          cursors.set(`${sort} ${descending}`, nextCursor);
        }
      }
      expect(new Set(cursors.values()).size).toBe(8);
      for (const [of, cursor] of cursors) {
        for (const sort of SORTS) {
          for (const descending of [false, true]) {
            if (of === `${sort} ${descending}`) continue;
            await expect(page({ cursor, descending, sort })).rejects.toMatchObject(
              code("INVALID_CURSOR"),
            );
          }
        }
      }
      const forged = Buffer.from(`2:["createdAt","t_1","' or true --"]`).toString("base64url");
      const answer = await page({ cursor: forged, sort: "createdAt" }).then(
        ({ tenants }) => tenants.length < MANY,
        (error: unknown) => (error as { code?: unknown }).code === "INVALID_CURSOR",
      );
      expect(answer).toBe(true);
    });

    it.each<[string, unknown]>([
      ["sort", { sort: "id" }],
      ["sort", { sort: "slug; drop table tenants" }],
      ["descending", { descending: "yes" }],
    ])("refuses a wrong `%s`", async (option, options) => {
      await expect(page(options as ListOptions)).rejects.toMatchObject(
        code("INVALID_QUERY", { message: expect.stringContaining(option) as string }),
      );
    });

    it("is counted by the same filters", async () => {
      const { tenancy } = world;
      expect(await tenancy.count()).toBe(MANY);
      const suspended = await walk({ state: "suspended" });
      expect(await tenancy.count({ state: "suspended" })).toBe(suspended.length);
      expect(await tenancy.count({ server: "default", state: ["active"], version: null })).toBe(
        MANY - suspended.length,
      );
      expect(await tenancy.count({ version: "1" })).toBe(0);
      await expect(tenancy.count({ state: "asleep" as "active" })).rejects.toMatchObject(
        code("INVALID_QUERY"),
      );
    });

    /** What the engine says of how it reads a page. */
    async function explain(filter: Partial<RegistryFilter>): Promise<string[]> {
      const dialect = engine.family === "mysql" ? mysql : postgres;
      const columns = Object.fromEntries(
        REGISTRY_COLUMNS.map((column) => [column, column]),
      ) as RegistryTables["columns"];
      const tables: RegistryTables = {
        columns,
        domainsTable: "tenant_domains",
        extraColumns: {},
        schema: world.globalSchema,
        table: "tenants",
      };
      const { params, text } = dialect.registry.statements(tables, "c").list({
        after: undefined,
        isDescending: false,
        limit: 20,
        search: undefined,
        server: undefined,
        sort: "slug",
        states: undefined,
        version: undefined,
        ...filter,
      });
      const { rows } = await world.admin.query(`explain ${text}`, params);
      return rows.map((row) => JSON.stringify(row));
    }

    it.each(SORTS)("is read by %s from an index, and nothing is sorted", async (sort) => {
      const moment = inWords(engine, { mysql: "1767434400", postgres: "2026-01-03 10:00:00" });
      const value = { createdAt: moment, name: "acme", slug: null, updatedAt: moment }[sort];
      for (const isDescending of [false, true]) {
        const after = { key: "t_070", value };
        // Below it, the few domains of each tenant are sorted, and nothing else.
        const [first, second] = await explain({ after, isDescending, sort });
        const plan = inWords(engine, { mysql: `${first}`, postgres: `${second}` });
        expect(plan).toMatch(
          inWords(engine, {
            mysql: /kirayedar_/,
            postgres: /^\{"QUERY PLAN":" *-> +Index Scan (Backward )?using kirayedar_/,
          }),
        );
        expect(plan).not.toContain("filesort");
      }
    });

    it.skipIf(engine.family === "postgres").each<[string, Partial<RegistryFilter>]>([
      ["a text", { search: "x" }],
      ["a state", { states: ["failed"] }],
      ["a version", { version: "1" }],
    ])("looks for %s in all tenants as they lie, and looks up a page alone", async (_, filter) => {
      const plan = await explain({ ...filter, sort: "createdAt" });
      expect(plan[0]).toContain('"table":"<derived');
      expect(plan[1]).toMatch(/"type":"eq_ref".*"key":"kirayedar_slug"/);
      expect(plan.at(-1)).toMatch(/"type":"ALL".*"key":null/);
    });
  },
  [POSTGRES, MARIADB],
);
