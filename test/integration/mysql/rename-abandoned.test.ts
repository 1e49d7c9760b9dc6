import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { MYSQL2 } from "../../support/engines.ts";
import { code, createWorld, type World } from "../lifecycle/world.ts";
import { type Mortal, mortal } from "./dying-session.ts";

describe.skipIf(inject("mysql") === undefined)("a half renamed tenant that is removed", () => {
  let world: World;
  let dying: Mortal;

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
  });

  afterAll(() => world.close());

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
    await expect(world.tenancy.create(`${slug}_new`, { ifExists: "keep" })).rejects.toMatchObject(
      code("INVALID_STATE"),
    );
    expect(await world.tenancy.drop({ id })).toBe(true);
    await expect(world.tenancy.get({ id })).rejects.toMatchObject(code("TENANT_NOT_FOUND"));
    expect((await world.contents()).schemas).toEqual([]);
    const moves = await world.admin.query(
      `select * from \`${world.globalSchema}\`.kirayedar_moves where position >= 0`,
    );
    expect(moves.rows).toEqual([]);
  });

  it("leaves a database alone that has the old name since", async () => {
    const id = await makeHalf("old", "after", /^drop database if exists/);
    await world.makeForeign(world.schema("old"));
    expect(await world.tenancy.drop({ id })).toBe(true);
    await world.checkForeign(world.schema("old"));
    await expect(world.tenancy.get({ id })).rejects.toMatchObject(code("TENANT_NOT_FOUND"));
  });

  it("leaves a database alone that has the new name since", async () => {
    const id = await makeHalf("new", "before", /^drop trigger if exists/);
    await world.removeSchema(world.schema("new_new"));
    await world.makeForeign(world.schema("new_new"));
    expect(await world.tenancy.drop({ id })).toBe(true);
    await world.checkForeign(world.schema("new_new"));
    const { rows } = await world.admin.query(
      `select table_name as name from information_schema.tables where table_schema = '${world.schema("new_new")}'`,
    );
    expect(rows).toEqual([{ name: "precious" }]);
  });
});
