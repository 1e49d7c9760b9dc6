import { afterAll, beforeAll, expect, it } from "vitest";
import type { Tenancy } from "../../../src/core/tenancy.ts";
import { pglite } from "../../../src/drivers/pglite/index.ts";
import { createTenancy } from "../../../src/tenancy/create-tenancy.ts";
import { RICH } from "./rich-migrations.ts";

let tenancy: Tenancy;

beforeAll(async () => {
  tenancy = createTenancy({
    database: pglite(),
    migrations: { global: [], tenant: [RICH.postgres] },
  });
  await tenancy.migrateGlobal();
  for (const slug of ["acme", "globex"]) await tenancy.create(slug);
});

afterAll(() => tenancy.close());

it("compares on the one session that there is", async () => {
  const seen: number[] = [];
  const all = { concurrency: 4, onProgress: ({ done }: { done: number }) => void seen.push(done) };
  expect(await tenancy.diff(all)).toMatchObject({
    ok: true,
    reference: { source: "transaction" },
    same: 2,
  });
  expect(seen).toEqual([1, 2]);
  await (await tenancy.tenant("acme")).query("create index by_hand on seen (id)");
  expect(await tenancy.diff()).toMatchObject({
    groups: [{ differences: [{ change: "extra", kind: "index", name: "by_hand" }] }],
    same: 1,
  });
  expect(await tenancy.diff({ against: "acme" })).toMatchObject({
    groups: [{ tenants: [{ tenant: "globex" }] }],
    same: 1,
  });
});
