import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import type { Tenancy } from "../../../src/core/tenancy.ts";
import { MYSQL2 } from "../../support/engines.ts";
import { type Fault, faulty, type FaultyDriver } from "../lifecycle/failing-driver.ts";
import { code, createWorld, type World } from "../lifecycle/world.ts";
import { describeSchema } from "./rich-schema.ts";

const DYING = fileURLToPath(new URL("dying-rename.ts", import.meta.url));

describe.skipIf(inject("mysql") === undefined)("a rename that is interrupted", () => {
  let world: World;
  let breakable: FaultyDriver<unknown>;
  let breaking: Tenancy;
  let id: string;
  let described: Record<string, unknown[]>;
  let stepCount: number;

  beforeAll(async () => {
    world = await createWorld({}, MYSQL2);
    breaking = world.another({
      wrap: (driver) => {
        breakable = faulty(driver);
        return breakable.driver;
      },
    });
    ({ id } = await world.tenancy.create("one"));
    const statements = [
      `use \`${world.schema("one")}\``,
      "create table entry (id int auto_increment primary key, note_id bigint unsigned, what varchar(20), foreign key (note_id) references note (id))",
      "create table other_entry (id int primary key, entry_id int, foreign key (entry_id) references entry (id))",
      "create trigger b_first after insert on entry for each row insert into other_entry values (new.id, new.id)",
      "create trigger a_second after insert on entry for each row update other_entry set entry_id = null where id = new.id",
      "create trigger on_note before insert on note for each row set new.body = concat(new.body, '!')",
      "create function one() returns int deterministic return 1",
      "create view b_all as select id, one() as one from entry",
      "create view a_top as select id from b_all",
      "create event never on schedule every 1 day starts '2031-01-01 00:00:00' disable do delete from entry",
      "insert into entry (note_id, what) values (1, 'x')",
    ];
    const client = await world.connect();
    for (const text of statements) await client.query(text);
    await client.end();
    described = await look("one");
    // How many steps there are, by one that is beyond them.
    breakable.arm({ isLasting: false, step: 1_000_000, when: "before" });
    await breaking.rename("one", { schemaName: true, slug: "two" });
    stepCount = breakable.steps();
    breakable.disarm();
  }, 120_000);

  afterAll(() => world.close());

  const look = (slug: string): Promise<Record<string, unknown[]>> =>
    describeSchema(world, world.schema(slug), ["referential_constraints", "triggers"]);
  const other = (slug: string): string => (slug === "one" ? "two" : "one");

  /** Everything is in one database, exactly as it was, and the other one is gone. */
  async function checkWhole(slug: string): Promise<void> {
    expect(await world.tenancy.get({ id })).toMatchObject({
      schemaName: world.schema(slug),
      slug,
      state: "active",
    });
    expect(await look(slug)).toEqual(described);
    const { schemas } = await world.contents();
    expect(schemas.filter((name) => /_(?:one|two)$/.test(name))).toEqual([`tenant_${slug}`]);
    const { rows } = await world.admin.query(
      `select (select count(*) from \`${world.schema(slug)}\`.entry) as entries, (select count(*) from \`${world.globalSchema}\`.kirayedar_moves where position >= 0) as moves`,
    );
    expect(rows).toEqual([{ entries: 1, moves: 0 }]);
  }

  /** Nobody gets in, and nobody but `rename` changes anything. */
  async function checkBusy(slug: string): Promise<void> {
    const { tenancy } = world;
    await expect(tenancy.withTenant({ id }, () => 1)).rejects.toMatchObject(
      code("TENANT_NOT_ACTIVE"),
    );
    for (const name of ["migrate", "suspend", "resume", "startMaintenance"] as const) {
      const error: unknown = await tenancy[name]({ id }).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject(code("INVALID_STATE"));
      expect(String(error)).toContain("repeat `rename`");
    }
    await expect(tenancy.create(slug)).rejects.toThrow();
    expect(await tenancy.healthCheck({ id })).toMatchObject({ healthy: false, state: "renaming" });
    expect(await tenancy.migrateAll()).toMatchObject({ ok: true });
  }

  /** @returns whether the tenant was left half renamed */
  async function repeat(from: string): Promise<boolean> {
    const to = other(from);
    const { slug, state } = await world.tenancy.get({ id });
    const isHalf = state === "renaming";
    if (!isHalf) await checkWhole(slug);
    // By the name that whoever repeats it knows.
    const ref = isHalf ? from : { id };
    await world.tenancy.rename(ref, { schemaName: true, slug: to });
    await checkWhole(to);
    return isHalf;
  }

  async function strike(from: string, fault: Fault): Promise<boolean> {
    breakable.arm(fault);
    await breaking
      .rename({ id }, { schemaName: true, slug: other(from) })
      .catch((error: unknown) => error);
    breakable.disarm();
    return await repeat(from);
  }

  it("is finished by the next one, wherever it died", async () => {
    let slug = (await world.tenancy.get({ id })).slug;
    let halfCount = 0;
    for (let step = 1; step <= stepCount; step += 3) {
      if (await strike(slug, { isLasting: true, step, when: "after" })) halfCount += 1;
      slug = other(slug);
    }
    expect(halfCount).toBeGreaterThan(stepCount / 9);
  }, 240_000);

  it("is taken back, or finished by the next one, wherever a statement failed", async () => {
    let slug = (await world.tenancy.get({ id })).slug;
    for (let step = 2; step <= stepCount; step += 3) {
      const isHalf = await strike(slug, { isLasting: false, step, when: "before" });
      expect(isHalf).toBeTypeOf("boolean");
      slug = other(slug);
    }
  }, 240_000);

  it("is finished after a process was killed", async () => {
    let { slug } = await world.tenancy.get({ id });
    let hasBusy = false;
    for (const part of [0.3, 0.5, 0.6, 0.7, 0.8, 0.9]) {
      const step = Math.round(stepCount * part);
      const args = [
        DYING,
        world.engine.name,
        world.url,
        world.schema(""),
        id,
        other(slug),
        String(step),
      ];
      await expect(promisify(execFile)(process.execPath, args)).rejects.toMatchObject({
        signal: "SIGKILL",
      });
      if ((await world.tenancy.get({ id })).state === "renaming" && !hasBusy) {
        hasBusy = true;
        await checkBusy(other(slug));
      }
      await repeat(slug);
      slug = other(slug);
    }
    expect(hasBusy).toBe(true);
  }, 120_000);

  it("is finished first when another name is asked for then", async () => {
    const { slug } = await world.tenancy.get({ id });
    breakable.arm({ isLasting: true, step: Math.round(stepCount * 0.7), when: "after" });
    await breaking.rename({ id }, { schemaName: true, slug: other(slug) }).catch(() => undefined);
    breakable.disarm();
    await world.tenancy.rename({ id }, { schemaName: true, slug });
    await checkWhole(slug);
    expect((await world.tenancy.get({ id })).slug).toBe(slug);
  });
});
