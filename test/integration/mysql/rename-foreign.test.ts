import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import type { Tenancy } from "../../../src/core/tenancy.ts";
import { MYSQL2 } from "../../support/engines.ts";
import { code, createWorld, type World } from "../lifecycle/world.ts";
import { type Mortal, mortal } from "./dying-session.ts";

describe.skipIf(inject("mysql") === undefined)("a rename, and databases of others", () => {
  let world: World;
  let dying: Mortal;
  let tenancy: Tenancy;

  beforeAll(async () => {
    world = await createWorld({}, MYSQL2);
    tenancy = world.another({
      wrap: (driver) => {
        dying = mortal(driver);
        return dying.driver;
      },
    });
  });

  afterAll(() => world.close());

  const read = async <Row>(text: string): Promise<Row[]> =>
    (await world.admin.query<Row>(text)).rows;
  const tablesOf = async (name: string): Promise<string[]> =>
    (
      await read<{ name: string }>(
        `select table_name as name from information_schema.tables where table_schema = '${name}' and table_name <> 'kirayedar_migrations' order by 1`,
      )
    ).map((row) => row.name);

  /** A tenant with a triggered table and one of each other kind. */
  async function make(slug: string): Promise<{ id: string; from: string; to: string }> {
    const { id, schemaName: from } = await world.tenancy.create(slug);
    const client = await world.connect();
    for (const text of [
      `use \`${from}\``,
      "create table entry (id int auto_increment primary key)",
      "create trigger t before insert on entry for each row set @ignored = 1",
      "create view all_notes as select id from note",
      "create event never on schedule every 1 day disable do delete from note",
    ]) {
      await client.query(text);
    }
    await client.end();
    return { from, id, to: world.schema(`${slug}_new`) };
  }

  async function dieWhileRenaming(
    id: string,
    to: string,
    when: "before" | "after",
    pattern: RegExp,
  ): Promise<void> {
    dying.dieAt(when, pattern);
    await expect(tenancy.rename({ id }, { schemaName: to })).rejects.toThrow();
    dying.revive();
  }

  it("takes back a rename when somebody has made a database of the new name", async () => {
    const { from, id, to } = await make("early");
    await dieWhileRenaming(id, to, "before", /^show create database/);
    expect(await world.tenancy.get({ id })).toMatchObject({ schemaName: to, state: "renaming" });
    await world.makeForeign(to);
    await expect(world.tenancy.rename({ id }, { schemaName: to })).rejects.toMatchObject(
      code("SCHEMA_EXISTS"),
    );
    await world.checkForeign(to);
    expect(await tablesOf(to)).toEqual(["precious"]);
    expect(await world.tenancy.get({ id })).toMatchObject({ schemaName: from, state: "active" });
    expect(await tablesOf(from)).toEqual(["all_notes", "entry", "kirayedar_tenant", "note"]);
  });

  it("moves nothing into a database that has taken the new one's place", async () => {
    const { from, id, to } = await make("middle");
    await dieWhileRenaming(id, to, "before", /^drop trigger if exists/);
    await world.removeSchema(to);
    await world.makeForeign(to);
    await expect(world.tenancy.rename({ id }, { schemaName: to })).rejects.toMatchObject(
      code("SCHEMA_EXISTS"),
    );
    expect(await tablesOf(to)).toEqual(["precious"]);
    expect(await tablesOf(from)).toEqual(["all_notes", "kirayedar_moving_1", "kirayedar_tenant"]);
    expect(await world.tenancy.get({ id })).toMatchObject({ state: "renaming" });
  });

  it("leaves a database alone that has taken the old one's place", async () => {
    const { from, id, to } = await make("late");
    await dieWhileRenaming(id, to, "after", new RegExp(`^drop database if exists \`${from}\``));
    await world.makeForeign(from);
    const client = await world.connect();
    await client.query(`use \`${from}\``);
    await client.query("create view all_notes as select 1 as one");
    await client.query("create event never on schedule every 1 day disable do select 1");
    await client.end();
    expect(await world.tenancy.rename({ id }, { schemaName: to })).toMatchObject({
      schemaName: to,
      state: "active",
    });
    expect(await tablesOf(from)).toEqual(["all_notes", "precious"]);
    expect(
      await read(`select 1 from information_schema.events where event_schema = '${from}'`),
    ).toHaveLength(1);
    expect(await tablesOf(to)).toEqual(["all_notes", "entry", "kirayedar_tenant", "note"]);
  });

  it("is refused when the old database is gone, and then belongs to nobody again", async () => {
    const { from, id, to } = await make("gone");
    await dieWhileRenaming(id, to, "before", /^show create database/);
    await world.removeSchema(from);
    await world.makeForeign(from);
    await expect(world.tenancy.rename({ id }, { schemaName: to })).rejects.toMatchObject(
      code("SCHEMA_NOT_FOUND"),
    );
    expect(await tablesOf(from)).toEqual(["precious"]);
    expect(await tablesOf(to)).toEqual([]);
    expect(await world.tenancy.get({ id })).toMatchObject({ schemaName: from, state: "active" });
  });

  it("marks a database that had no mark, and so knows it again", async () => {
    const { from, id, to } = await make("unmarked");
    await world.admin.query(`drop table \`${from}\`.kirayedar_tenant`);
    await dieWhileRenaming(id, to, "before", /^drop trigger if exists/);
    await world.tenancy.rename({ id }, { schemaName: to });
    expect(await tablesOf(to)).toEqual(["all_notes", "entry", "kirayedar_tenant", "note"]);
    expect(await tablesOf(from)).toEqual([]);
  });
});
