import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import type { Transaction } from "../../../src/core/driver.ts";
import { globalWrites, type LifecycleDeps } from "../../../src/lifecycle/deps.ts";
import { abandonMove } from "../../../src/lifecycle/move-schema.ts";
import { removeSchema } from "../../../src/lifecycle/remove-schema.ts";
import { withTenantLock } from "../../../src/lifecycle/tenant-lock.ts";
import { MYSQL2 } from "../../support/engines.ts";
import { code, createWorld, type World } from "../lifecycle/world.ts";
import { connectDeps } from "./deps.ts";
import { type Mortal, mortal } from "./dying-session.ts";

describe.skipIf(inject("mysql") === undefined)("a half renamed tenant that is removed", () => {
  let world: World;
  let dying: Mortal;
  let deps: LifecycleDeps;

  beforeAll(async () => {
    world = await createWorld(
      {
        wrap: (driver) => {
          dying = mortal(driver);
          return dying.driver;
        },
      },
      MYSQL2,
    );
    deps = connectDeps(world);
  });

  afterAll(async () => {
    await deps.driver.close();
    await world.close();
  });

  async function makeHalf(
    slug: string,
    when: "before" | "after",
    pattern: RegExp,
  ): Promise<string> {
    const { id, schemaName } = await world.tenancy.create(slug);
    for (const text of [
      `create table \`${schemaName}\`.entry (id int primary key, note_id bigint unsigned, foreign key (note_id) references \`${schemaName}\`.note (id))`,
      `create trigger \`${schemaName}\`.t before insert on \`${schemaName}\`.note for each row set @ignored = 1`,
      `create view \`${schemaName}\`.v as select id from \`${schemaName}\`.note`,
    ]) {
      await world.admin.query(text);
    }
    dying.dieAt(when, pattern);
    await expect(
      world.tenancy.rename(slug, { schemaName: true, slug: `${slug}_new` }),
    ).rejects.toThrow();
    dying.revive();
    return id;
  }

  async function remove(id: string): Promise<void> {
    await withTenantLock(deps, { id }, async (session, tenant) => {
      const abandoned = await abandonMove(deps, session, tenant);
      const atLast = async (tx: Transaction): Promise<void> => {
        await deps.registry.remove(tx, tenant.id);
        await abandoned.forget(tx);
      };
      if (!abandoned.isSchemaOurs) return await globalWrites(session, atLast);
      await removeSchema(deps, session, tenant.schemaName, { atLast, tenant: tenant.slug });
    });
  }

  it.each([
    ["before anything was made", "before", /^show create database/],
    ["before the tables moved", "before", /^rename table/],
    ["right after they did", "after", /^rename table/],
    ["before the triggers went", "before", /^drop trigger if exists/],
    ["when all but the old database was done", "before", /^drop database if exists/],
    ["when it was gone", "after", /^drop database if exists/],
  ] as const)("leaves nothing in either database: %s", async (name, when, pattern) => {
    const slug = `s_${name.replaceAll(" ", "_")}`;
    const id = await makeHalf(slug, when, pattern);
    expect(await world.tenancy.get({ id })).toMatchObject({ state: "renaming" });
    await remove(id);
    await expect(world.tenancy.get({ id })).rejects.toMatchObject(code("TENANT_NOT_FOUND"));
    expect((await world.contents()).schemas).toEqual([]);
    const moves = await world.admin.query(
      `select * from \`${world.globalSchema}\`.kirayedar_moves`,
    );
    expect(moves.rows).toEqual([]);
  });

  it("leaves a database alone that has the old name since", async () => {
    const id = await makeHalf("old", "after", /^drop database if exists/);
    await world.makeForeign(world.schema("old"));
    await remove(id);
    await world.checkForeign(world.schema("old"));
    await expect(world.tenancy.get({ id })).rejects.toMatchObject(code("TENANT_NOT_FOUND"));
  });

  it("leaves a database alone that has the new name since", async () => {
    const id = await makeHalf("new", "before", /^drop trigger if exists/);
    await world.removeSchema(world.schema("new_new"));
    await world.makeForeign(world.schema("new_new"));
    await remove(id);
    await world.checkForeign(world.schema("new_new"));
    const { rows } = await world.admin.query(
      `select table_name as name from information_schema.tables where table_schema = '${world.schema("new_new")}'`,
    );
    expect(rows).toEqual([{ name: "precious" }]);
  });
});
