import { afterAll, beforeAll, expect, it } from "vitest";
import type { Tenancy } from "../../../src/core/tenancy.ts";
import { pglite } from "../../../src/drivers/pglite/index.ts";
import { createTenancy } from "../../../src/tenancy/create-tenancy.ts";
import { collect } from "../../support/collect.ts";

let tenancy: Tenancy;

beforeAll(async () => {
  const up = "create table note (body text); insert into note values (current_schema())";
  tenancy = createTenancy({
    database: pglite(),
    migrations: { global: [], tenant: [{ name: "note", up, version: "20260101000001" }] },
  });
  await tenancy.migrateGlobal();
  for (const slug of ["a", "b", "c"]) await tenancy.create(slug);
});
afterAll(() => tenancy.close());

const row = (slug: string): object => ({
  ok: true,
  row: { big: "9007199254740993", body: `tenant_${slug}` },
  tenant: slug,
});
const TEXT = "select body, $1::int8 as big from note";

it("reports over an embedded database, and says who could not be asked", async () => {
  const ask = (): Promise<unknown[]> => collect(tenancy.queryAll(TEXT, ["9007199254740993"]));
  expect(await ask()).toEqual([row("a"), row("b"), row("c")]);
  await tenancy.withTenant("b", () => tenancy.query("drop table note"));
  expect(await ask()).toMatchObject([row("a"), { ok: false, tenant: "b" }, row("c")]);
});

it("changes nothing, and lets no second statement through", async () => {
  for (const text of ["delete from note", "select 1; delete from note", "begin"]) {
    const items = await collect(tenancy.queryAll(text, [], { where: { only: ["a", "c"] } }));
    expect(items.map(({ ok }) => ok)).toEqual([false, false]);
  }
  const items = await collect(
    tenancy.queryAll("select body from note", [], { where: { only: ["a"] } }),
  );
  expect(items).toHaveLength(1);
});
