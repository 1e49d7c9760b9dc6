import DataLoader from "dataloader";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Tenancy } from "../../src/core/tenancy.ts";
import { tenantLoaders } from "../../src/integrations/api/graphql/index.ts";
import { type PgTestPool, openTenancy } from "../integration/http/support/open-tenancy.ts";

const SLUGS = ["acme", "globex", "initech", "umbrella", "hooli"];
const IDS = ["1", "2", "3", "4"];

describe("loaders of five tenants", () => {
  let tenancy: Tenancy<PgTestPool>;
  let drop: () => Promise<void>;

  beforeAll(async () => {
    ({ drop, tenancy } = await openTenancy());
    for (const slug of SLUGS) {
      await tenancy.create(slug);
      const insert = "insert into note (body) select $1 || n from generate_series(1, 4) n";
      await tenancy.withTenant(slug, () => tenancy.pool.query(insert, [`${slug} `]));
    }
  });
  afterAll(async () => {
    await tenancy.close();
    await drop();
  });

  let batches = 0;
  /** Finds notes by the last character, all in one query. */
  const notes = (): DataLoader<string, string | undefined> =>
    new DataLoader(async (ids: readonly string[]) => {
      batches += 1;
      const { rows } = await tenancy.pool.query<{ body: string }>(
        "select body from note where right(body, 1) = any($1)",
        [ids],
      );
      return ids.map((id) => rows.find(({ body }) => body.endsWith(` ${id}`))?.body);
    });

  /** Loads four notes in each of many requests at once, and returns those of another tenant. */
  async function load(
    loadersOf: () => { readonly notes: DataLoader<string, string | undefined> },
  ): Promise<unknown[]> {
    const found = await Promise.all(
      Array.from({ length: 250 }, (_, job) => {
        const slug = SLUGS[job % SLUGS.length]!;
        return tenancy.withTenant(slug, async () => {
          const loaders = loadersOf();
          const texts = await Promise.all(IDS.map((id) => loaders.notes.load(id)));
          return texts.map((text, n) => ({ expected: `${slug} ${IDS[n]}`, text }));
        });
      }),
    );
    return found.flat().filter(({ expected, text }) => expected !== text);
  }

  it("find the rows of their own tenant alone, in one query for each request", async () => {
    batches = 0;
    const loaders = tenantLoaders(tenancy, () => ({ notes: notes() }));
    expect(await load(loaders)).toEqual([]);
    expect(batches).toBe(250);
  });

  it("do so even when all requests share them", async () => {
    batches = 0;
    const shared = tenantLoaders(tenancy, () => ({ notes: notes() }))();
    expect(await load(() => shared)).toEqual([]);
    expect(batches).toBe(SLUGS.length);
  });

  it("would find others' if they were made once for all", async () => {
    const naive = { notes: notes() };
    expect((await load(() => naive)).length).toBeGreaterThan(500);
  });

  it("ask in the scope that they were called in, also if it changes before they ask", async () => {
    const loaders = tenantLoaders(tenancy, () => ({ notes: notes() }));
    const text = await tenancy.withTenant("acme", async () => {
      const loading = loaders().notes.load("1");
      await tenancy.putTenant("globex");
      return loading;
    });
    expect(text).toBe("acme 1");
  });

  it("follow the request to another tenant, and refuse when kept", async () => {
    const loaders = tenantLoaders(tenancy, (scope) => {
      expect(scope).toBe(tenancy.currentScope());
      return { notes: notes() };
    });
    await tenancy.withTenant("acme", async () => {
      const own = loaders();
      const kept = own.notes;
      expect(await kept.load("1")).toBe("acme 1");
      expect(kept).toBeInstanceOf(DataLoader);
      expect("notes" in own).toBe(true);
      await tenancy.withTenant("globex", async () => {
        expect(await own.notes.load("1")).toBe("globex 1");
        expect(() => kept.load("1")).toThrow(/WRONG_TENANT/);
        expect(() => kept.clearAll()).toThrow(/WRONG_TENANT/);
      });
      await tenancy.scope(() => {
        expect(() => own.notes).toThrow(/TENANT_REQUIRED/);
        expect(() => kept.load("1")).toThrow(/TENANT_REQUIRED/);
      });
    });
  });

  it("stay bound where a method returns the loader itself", async () => {
    const loaders = tenantLoaders(tenancy, () => ({ notes: notes() }))();
    await tenancy.withTenant("acme", async () => {
      const { notes } = loaders;
      const kept = notes.clear("1");
      expect(kept).toBe(notes);
      expect(notes.prime("9", "nine").clearAll()).toBe(notes);
      await tenancy.withTenant("globex", () => {
        expect(() => kept.load("1")).toThrow(/WRONG_TENANT/);
      });
    });
  });

  it("are loaders", async () => {
    const loaders = tenantLoaders(tenancy, () => ({ notes: 7 }));
    await tenancy.withTenant("acme", () => {
      expect(() => loaders().notes).toThrow(/`notes`.*INVALID_CONFIG/);
    });
  });
});
