import { afterAll, beforeAll, expect, it } from "vitest";
import type { ReportItem } from "../../src/core/reports.ts";
import type { Tenancy } from "../../src/core/tenancy.ts";
import { pg } from "../../src/drivers/pg/index.ts";
import { createWorld, type World } from "../integration/lifecycle/world.ts";
import { collect } from "../support/collect.ts";
import { describeEngines, POSTGRES } from "../support/engines.ts";

const TENANTS = 200;
const slugOf = (number: number): string => `leak${String(number).padStart(3, "0")}`;

describeEngines("reports over 200 tenants", (engine) => {
  let world: World;
  let tenancy: Tenancy;

  beforeAll(async () => {
    world = await createWorld({}, engine);
    tenancy = world.another();
    const numbers = Array.from({ length: TENANTS }, (_, number) => number);
    await Promise.all(
      Array.from({ length: 4 }, async () => {
        for (let number = numbers.pop(); number !== undefined; number = numbers.pop()) {
          const slug = slugOf(number);
          await tenancy.create(slug);
          await tenancy.withTenant(slug, () => tenancy.query(`update note set body = '${slug}'`));
        }
      }),
    );
  }, 240_000);

  afterAll(() => world.close());

  it("have no row of another tenant, however they are interleaved with other work", async () => {
    // Some lose their table, so that reports go on after failures.
    const broken = new Set([3, 50, 51, 120, 199].map(slugOf));
    for (const slug of broken) {
      await tenancy.withTenant(slug, () => tenancy.query("alter table note rename to gone"));
    }
    const count = { failed: 0, foreign: 0, rows: 0 };
    const note = (item: ReportItem<{ body: string }>): void => {
      if (!item.ok) {
        count[broken.has(item.tenant) ? "failed" : "foreign"] += 1;
        return;
      }
      count.rows += 1;
      if (item.row.body !== item.tenant) count.foreign += 1;
    };
    const report = async (number: number): Promise<void> => {
      const options = { batchSize: [1, 7, 50, 200][number % 4]!, concurrency: 1 + (number % 4) };
      const text = `select body, ${number % 3} as n from note`;
      for await (const item of tenancy.queryAll<{ body: string }>(text, [], options)) note(item);
    };
    const work = async (): Promise<void> => {
      await tenancy.forEachTenant(
        async ({ slug }) => {
          const { rows } = await tenancy.query<{ body: string }>("select body from note");
          expect(rows.map(({ body }) => body)).toEqual([slug]);
        },
        { concurrency: 8, where: { except: [...broken] } },
      );
    };
    await Promise.all([
      ...Array.from({ length: 12 }, (_, number) => report(number)),
      work(),
      work(),
    ]);
    expect(count).toEqual({
      failed: 12 * broken.size,
      foreign: 0,
      rows: 12 * (TENANTS - broken.size),
    });
    for (const slug of broken) {
      await tenancy.withTenant(slug, () => tenancy.query("alter table gone rename to note"));
    }
  }, 120_000);
});

describeEngines(
  "what goes wrong in a report",
  (engine) => {
    let world: World;
    const slugs = ["a1", "a2", "a3"];

    beforeAll(async () => {
      world = await createWorld({}, engine);
      for (const slug of slugs) {
        await world.tenancy.create(slug);
        const mark = `update note set body = '${slug}'`;
        await world.tenancy.withTenant(slug, () => world.tenancy.query(mark));
      }
    });
    afterAll(() => world.close());

    const bodies = async (tenancy: Tenancy, text: string, params?: unknown[]): Promise<unknown[]> =>
      (await collect(tenancy.queryAll<{ body: string }>(text, params))).map((item) =>
        item.ok ? [item.tenant, item.row.body] : [item.tenant],
      );
    const right = slugs.map((slug) => [slug, slug]);

    it("leaves no transaction open that the next tenant would be asked in", async () => {
      for (const text of ["begin", "start transaction"]) {
        await expect(bodies(world.tenancy, text)).rejects.toMatchObject({
          code: "TRANSACTION_LEFT_OPEN",
        });
        expect(await bodies(world.tenancy, "select body from note")).toEqual(right);
      }
      await bodies(world.tenancy, "commit");
      expect(await bodies(world.tenancy, "select body from note")).toEqual(right);
    });

    it("lets no parameter that cannot be sent shift the answers", async () => {
      const circular: { self?: unknown } = {};
      circular.self = circular;
      const text = "select body, $1::jsonb as doc from note";
      await expect(bodies(world.tenancy, text, [circular])).rejects.toThrow(/circular/i);
      expect(await bodies(world.tenancy, text, [{}])).toEqual(right);
      await expect(bodies(world.tenancy, text, [])).resolves.toEqual(slugs.map((slug) => [slug]));
      expect(await bodies(world.tenancy, text, [{}])).toEqual(right);
    });

    it("cannot be made to write by the text itself", async () => {
      await world.tenancy.withTenant("a2", () =>
        world.tenancy.query(
          "create function sneak() returns int language plpgsql as $$ begin set transaction read write; delete from note; return 1; end $$",
        ),
      );
      const items = await collect(world.tenancy.queryAll("select sneak()"));
      expect(items.every(({ ok }) => !ok)).toBe(true);
      expect(await bodies(world.tenancy, "select body from note")).toEqual(right);
    });

    it("goes on after a value that cannot be read, an empty text, and rows from nowhere", async () => {
      expect(await bodies(world.tenancy, "-- nothing")).toEqual([]);
      expect(await bodies(world.tenancy, "copy note to stdout")).toEqual([]);
      const copied = await collect(world.tenancy.queryAll("copy note from stdin"));
      expect(copied.every(({ ok }) => !ok)).toBe(true);
      expect(await bodies(world.tenancy, "select body from note")).toEqual(right);
      const picky = world.another({
        wrap: () =>
          pg({
            connectionString: world.url,
            types: {
              getTypeParser: () => (text: string) => {
                if (text === "unreadable") throw new Error("A value that cannot be read.");
                return text;
              },
            },
          }),
      });
      const text = "select case body when 'a2' then 'unreadable' else body end as body from note";
      for (let round = 0; round < 3; round += 1) {
        expect(await bodies(picky, text)).toEqual([["a1", "a1"], ["a2"], ["a3", "a3"]]);
      }
    });

    it("ends the report when the connection is lost, or is too slow, and the next one is right", async () => {
      const kill = "select pg_terminate_backend(pg_backend_pid()), body from note";
      await expect(bodies(world.tenancy, kill)).rejects.toMatchObject({
        code: "DATABASE_UNAVAILABLE",
      });
      expect(await bodies(world.tenancy, "select body from note")).toEqual(right);
      const hasty = world.another({
        wrap: () => pg({ connectionString: world.url, query_timeout: 300 }),
      });
      await expect(bodies(hasty, "select pg_sleep(0.2), body from note")).rejects.toThrow(
        /timeout/,
      );
      expect(await bodies(hasty, "select body from note")).toEqual(right);
    });
  },
  [POSTGRES],
);
