import { afterAll, beforeAll, expect, test } from "vitest";
import {
  createTestTenancy,
  fakeClock,
  rolledBack,
  testDatabase,
  testTenant,
  type TestTenancy,
} from "../../../src/testing/index.ts";
import type { TenantPglite } from "../../../src/drivers/pglite/index.ts";

const up = `
  create table authors (id int primary key);
  create table notes (
    id int primary key,
    author int references authors deferrable initially deferred
  );`;

let tenancy: TestTenancy<TenantPglite>;
const clock = fakeClock();

beforeAll(async () => {
  tenancy = await createTestTenancy(
    {
      database: await testDatabase(),
      migrations: { global: [], tenant: [{ name: "notes", up, version: "0001" }] },
    },
    { clock, ready: 1 },
  );
});
afterAll(() => tenancy?.close());

test("everything in a test of an embedded database is rolled back", async () => {
  await using acme = await testTenant(tenancy, { test: "Notes: the first" });
  expect(acme.slug).toMatch(/^t-notes-the-first-[0-9a-f]{8}$/);
  const ids = async (): Promise<unknown[]> => (await tenancy.query("select id from notes")).rows;
  await rolledBack(tenancy, () =>
    acme.run(async () => {
      await tenancy.query("insert into notes values (1)");
      await tenancy.pool.transaction(
        async (tx) => void (await tx.query("insert into notes values (2)")),
      );
      const undone = tenancy.transaction(async (tx) => {
        await tx.query("insert into notes values (3)");
        throw new Error("undone");
      });
      await expect(undone).rejects.toThrow("undone");
      await expect(tenancy.query("insert into notes values (1)")).rejects.toThrow();
      // A constraint that is deferred fails at the end of the transaction, as it would outside of a test.
      const deferred = tenancy.transaction((tx) => tx.query("insert into notes values (4, 9)"));
      await expect(deferred).rejects.toMatchObject({ code: "23503" });
      await expect(tenancy.query("vacuum notes")).rejects.toMatchObject({
        code: "SANDBOX_REFUSED",
      });
      await expect(tenancy.create("initech")).rejects.toMatchObject({ code: "SANDBOX_REFUSED" });
      expect(await ids()).toEqual([{ id: 1 }, { id: 2 }]);
    }),
  );
  expect(await acme.run(ids)).toEqual([]);
});

test("what is remembered of tenants grows old by the clock alone", async () => {
  await tenancy.create("globex");
  await tenancy.tenant("globex");
  const renamed = tenancy.scopeGlobal(() =>
    tenancy.query("update tenants set name = 'Globex' where slug = 'globex'"),
  );
  await renamed;
  const name = async (): Promise<string | null> => (await tenancy.tenant("globex")).tenant.name;
  expect(await name()).toBeNull();
  clock.advance(299_000);
  expect(await name()).toBeNull();
  clock.advance(2_000);
  expect(await name()).toBe("Globex");
  await expect(tenancy.tenant("nobody")).rejects.toMatchObject({ code: "TENANT_NOT_FOUND" });
  expect(() => clock.advance(-1)).toThrow(RangeError);
});
