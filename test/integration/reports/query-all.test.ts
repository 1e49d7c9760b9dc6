import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ReportItem, ReportOptions } from "../../../src/core/reports.ts";
import type { Tenancy } from "../../../src/core/tenancy.ts";
import { collect as readAll } from "../../support/collect.ts";
import { describeEngines, inWords } from "../../support/engines.ts";
import { code, createWorld, type World } from "../lifecycle/world.ts";

const SLUGS = Array.from({ length: 23 }, (_, index) => `r${String(index).padStart(2, "0")}`);
const TEXT = "select body from note order by id";

async function collect<Row = Record<string, unknown>>(
  tenancy: Tenancy,
  text: string,
  params?: readonly unknown[],
  options?: ReportOptions,
): Promise<ReportItem<Row>[]> {
  return await readAll(tenancy.queryAll<Row>(text, params, options));
}

const failed = (items: readonly ReportItem[]): string[] =>
  items.filter(({ ok }) => !ok).map(({ tenant }) => tenant);

describeEngines("a report", (engine) => {
  let world: World;
  let tenancy: Tenancy;

  beforeAll(async () => {
    world = await createWorld({}, engine);
    tenancy = world.another();
    for (const slug of SLUGS) {
      await tenancy.create(slug);
      await tenancy.withTenant(slug, () => tenancy.query(`update note set body = '${slug}'`));
    }
  });

  afterAll(() => world.close());

  const rowsOf = (slugs: readonly string[]): object[] =>
    slugs.map((slug) => ({ ok: true, row: { body: slug }, tenant: slug }));

  it("has every tenant's rows, each beside its own tenant, by slug", async () => {
    for (const batchSize of [1, 4, 50]) {
      for (const concurrency of [1, 3]) {
        const items = await collect(tenancy, TEXT, undefined, { batchSize, concurrency });
        expect(items).toEqual(rowsOf(SLUGS));
      }
    }
  });

  it("reads values as `query` does, with parameters", async () => {
    const text = inWords(engine, {
      mysql:
        "select cast(? as char) as text, cast(12345678901 as signed) as big, 1.50 as decimal_, timestamp '2026-01-02 03:04:05' as at, json_object('a', 1) as doc",
      postgres:
        "select $1::text as text, 12345678901::int8 as big, 1.50::numeric as decimal_, timestamptz '2026-01-02 03:04:05Z' as at, '{\"a\":1}'::jsonb as doc, array[1,2] as list, '\\x00ff'::bytea as bytes",
    });
    const value = "it's; drop table note -- ?";
    for (let round = 0; round < 3; round += 1) {
      const items = await collect(tenancy, text, [value], { where: { only: ["r03", "r01"] } });
      const { rows } = await tenancy.withTenant("r01", () => tenancy.query(text, [value]));
      expect(items).toEqual([
        { ok: true, row: rows[0], tenant: "r03" },
        { ok: true, row: rows[0], tenant: "r01" },
      ]);
      expect(items[0]).toMatchObject({ row: { text: value } });
    }
  });

  it("says of which tenants it has no rows, and has all the others'", async () => {
    for (const slug of ["r00", "r07", "r08", "r22"]) {
      await tenancy.withTenant(slug, () => tenancy.query("alter table note rename to gone"));
    }
    try {
      for (const batchSize of [3, 50]) {
        for (let round = 0; round < 3; round += 1) {
          const items = await collect(tenancy, TEXT, undefined, { batchSize });
          expect(items.map(({ tenant }) => tenant)).toEqual(SLUGS);
          expect(failed(items)).toEqual(["r00", "r07", "r08", "r22"]);
          expect(items.find(({ ok }) => !ok)).toMatchObject({
            error: { message: expect.stringMatching(/note/) as string },
          });
          expect(items.filter(({ ok }) => ok)).toEqual(
            rowsOf(SLUGS.filter((slug) => !failed(items).includes(slug))),
          );
        }
      }
    } finally {
      for (const slug of ["r00", "r07", "r08", "r22"]) {
        await tenancy.withTenant(slug, () => tenancy.query("alter table gone rename to note"));
      }
    }
    expect(failed(await collect(tenancy, TEXT))).toEqual([]);
  });

  it("says so of all, if none can be asked", async () => {
    const items = await collect(tenancy, "select nonsense from nowhere");
    expect(failed(items)).toEqual(SLUGS);
  });

  it("still reads a table whose columns were changed after the text was prepared", async () => {
    for (let round = 0; round < 3; round += 1) await collect(tenancy, "select * from note");
    await tenancy.withTenant("r05", () => tenancy.query("alter table note add extra int"));
    const items = await collect(tenancy, "select * from note");
    expect(items).toHaveLength(SLUGS.length);
    expect(failed(items)).toEqual([]);
    expect(items[5]).toMatchObject({ row: { body: "r05", extra: null }, tenant: "r05" });
    await tenancy.withTenant("r05", () => tenancy.query("alter table note drop column extra"));
  });

  it("changes nothing", async () => {
    for (const text of [
      "delete from note",
      "insert into note (body) values ('report')",
      "create table report (id int)",
    ]) {
      const items = await collect(tenancy, text, undefined, { where: { except: ["r01"] } });
      expect(failed(items)).toHaveLength(SLUGS.length - 1);
    }
    expect(await collect(tenancy, TEXT)).toEqual(rowsOf(SLUGS));
  });

  it("leaves a tenant out that is dropped meanwhile, and asks a renamed one where it is now", async () => {
    await tenancy.create("r50");
    await tenancy.create("r51");
    const other = world.another();
    const report = tenancy.queryAll(TEXT, [], { batchSize: 1, concurrency: 1 });
    const items = [(await report.next()).value as ReportItem];
    await other.drop("r50");
    await other.rename("r51", { schemaName: true, slug: "r52" });
    for await (const item of report) items.push(item);
    expect(failed(items)).toEqual([]);
    expect(items.map(({ tenant }) => tenant)).toEqual([...SLUGS, "r52"]);
    await tenancy.drop("r52");
  });

  describe("of some tenants", () => {
    it("has those in the states, with the names and at the versions that are asked for", async () => {
      await tenancy.suspend("r04");
      const slugs = async (where: ReportOptions["where"]): Promise<string[]> =>
        (await collect(tenancy, TEXT, [], { where: where ?? {} })).map(({ tenant }) => tenant);
      expect(await slugs({})).toEqual(SLUGS.filter((slug) => slug !== "r04"));
      expect(await slugs({ state: "suspended" })).toEqual(["r04"]);
      expect(await slugs({ state: ["active", "suspended"] })).toEqual(SLUGS);
      expect(await slugs({ search: "R1", except: ["r11"] })).toHaveLength(9);
      expect(await slugs({ version: null })).toEqual([]);
      expect(await slugs({ version: "20260101000001" })).toHaveLength(SLUGS.length - 1);
      const named = await collect(tenancy, TEXT, [], { where: { only: ["r04", "r05"] } });
      expect(named).toMatchObject([
        { error: code("TENANT_NOT_ACTIVE", { tenant: "r04" }), ok: false, tenant: "r04" },
        { ok: true, tenant: "r05" },
      ]);
      await tenancy.resume("r04");
    });

    it("is refused before anything is sent, if it makes no sense", async () => {
      for (const options of [
        { where: { state: "open" } },
        { where: { only: "r01" } },
        { where: { plan: "pro" } },
        { where: { only: ["r01"], search: "r" } },
        { batchSize: 0 },
        { concurrency: 17 },
        { signal: {} },
      ]) {
        expect(() => tenancy.queryAll(TEXT, [], options as never)).toThrow(
          expect.objectContaining(code("INVALID_QUERY")),
        );
      }
      expect(() => tenancy.queryAll(" ")).toThrow(expect.objectContaining(code("INVALID_QUERY")));
      const nobody = tenancy.queryAll(TEXT, [], { where: { only: ["nobody"] } });
      await expect(nobody.next()).rejects.toMatchObject(code("TENANT_NOT_FOUND"));
    });
  });

  it("refuses several statements in every tenant, and what leaves something behind at once", async () => {
    for (const text of [
      "select 1; select 2",
      "select body from note; delete from note",
      "select body from note where body = '",
      "select body from note /*",
      "select 'a'; select 'b",
    ]) {
      const items = await collect(tenancy, text, [], { where: { except: ["r00"] } });
      expect(failed(items)).toEqual(SLUGS.slice(1));
    }
    expect(await collect(tenancy, `${TEXT}; -- ' and no more`)).toEqual(rowsOf(SLUGS));
    const traces = inWords(engine, {
      mysql: ["use mysql", "set @a = 1", "call anything()", "select get_lock('a', 1)"],
      postgres: [
        "set search_path = public",
        "listen a",
        "discard all",
        "select pg_advisory_lock(1)",
      ],
    });
    for (const text of traces) {
      await expect(collect(tenancy, text)).rejects.toMatchObject(code("INVALID_QUERY"));
    }
    expect(await collect(tenancy, TEXT)).toEqual(rowsOf(SLUGS));
  });

  it("ends when its reader has had enough, and with the signal", async () => {
    for await (const { tenant } of tenancy.queryAll(TEXT, [], { batchSize: 2 })) {
      if (tenant === "r02") break;
    }
    const controller = new AbortController();
    const report = tenancy.queryAll(TEXT, [], { batchSize: 1, signal: controller.signal });
    await report.next();
    controller.abort(new Error("Enough."));
    await expect(readAll(report)).rejects.toThrow("Enough.");
    expect(await collect(tenancy, TEXT)).toHaveLength(SLUGS.length);
  });

  it("may be read inside another one", async () => {
    const pairs: string[] = [];
    for await (const { tenant } of tenancy.queryAll(TEXT, [], { batchSize: 2 })) {
      const where = { only: [tenant] };
      for await (const inner of tenancy.queryAll(TEXT, [], { where })) pairs.push(inner.tenant);
    }
    expect(pairs).toEqual(SLUGS);
  });

  it("is in no scope, and needs none", async () => {
    await tenancy.withTenant("r01", async () => {
      expect(await collect(tenancy, TEXT)).toEqual(rowsOf(SLUGS));
      expect(tenancy.currentTenant()?.slug).toBe("r01");
    });
  });

  it("cannot be begun once the tenancy is closed", async () => {
    const closed = world.another();
    const report = closed.queryAll(TEXT);
    await closed.close();
    await expect(report.next()).rejects.toMatchObject(code("TENANCY_CLOSED"));
    expect(() => closed.queryAll(TEXT)).toThrow(expect.objectContaining(code("TENANCY_CLOSED")));
  });
});
