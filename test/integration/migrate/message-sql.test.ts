import { randomInt } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { MessageMove, MessageTenant } from "../../../src/core/message-sql.ts";
import type { RegistryTables } from "../../../src/core/settings.ts";
import { messageSql } from "../../../src/dialects/postgres/message-sql.ts";
import { digestOf } from "../../../src/migrate/digest.ts";
import { quoted } from "../../support/pg-world.ts";
import { createWorld, type World } from "../lifecycle/world.ts";
import { pg } from "../../../src/drivers/pg/index.ts";
import { resolveSettings } from "../../../src/tenancy/settings.ts";

let world: World;
let tables: RegistryTables;
let tenant: MessageTenant;
const table = "kirayedar_migrations";

beforeAll(async () => {
  world = await createWorld();
  tables = resolveSettings({ database: pg({}) }).registry;
  const { id } = await world.tenancy.create("acme");
  tenant = { id, schemaName: "tenant_acme", slug: "acme" };
});
afterAll(() => world.close());

const PIECES = [
  "'",
  '"',
  "\\",
  "$$",
  "$1",
  "\n",
  "\r\n",
  ":",
  "é",
  "☃",
  "🐘",
  "%",
  "E'",
  "--",
  "/*",
  " ",
  "a",
  ";",
  "\u0001",
];

function oddText(): string {
  return Array.from({ length: randomInt(0, 12) }, () => PIECES[randomInt(PIECES.length)]).join("");
}

interface Line {
  readonly version: string;
  readonly name: string;
  readonly checksum: string;
}

function oddHistory(): Line[] {
  const versions = new Set(
    Array.from({ length: randomInt(0, 8) }, () =>
      String(randomInt(1_000_000)).padStart(randomInt(1, 20), "0"),
    ),
  );
  return Array.from(versions, (version) => ({ checksum: oddText(), name: oddText(), version }));
}

async function writeHistory(lines: readonly Line[], schema = tenant.schemaName): Promise<void> {
  const name = `${quoted(schema)}.${quoted(table)}`;
  await world.admin.query(`delete from ${name}`);
  for (const { checksum, name: title, version } of lines) {
    await world.admin.query(
      `insert into ${name} (version, name, checksum, duration_ms, is_finished, statements_done) values ($1, $2, $3, 0, true, 0)`,
      [version, title, checksum],
    );
  }
}

/** Begins a message in a transaction that is undone; tells whether it went on. */
async function begins(
  about: MessageTenant,
  change: Partial<MessageMove> & Pick<MessageMove, "fromDigest">,
): Promise<boolean> {
  const move = { states: ["active"], toDigest: "d", toVersion: "7", ...change } as MessageMove;
  const journal = { schema: about.schemaName, table };
  await world.admin.query("begin");
  try {
    await world.admin.query(messageSql.begin(tables, journal, about, move));
    const { rows } = await world.admin.query(
      "select version, migrations_digest from tenants where slug = $1",
      [about.slug],
    );
    expect(rows).toEqual([{ migrations_digest: move.toDigest, version: move.toVersion }]);
    return true;
  } catch (error) {
    if ((error as { code?: unknown }).code === "KYD02") return false;
    throw error;
  } finally {
    await world.admin.query("rollback");
  }
}

describe("the beginning of a message", () => {
  it.each(["on", "off"])(
    "computes what Node does, standard_conforming_strings %s",
    async (value) => {
      await world.admin.query(`set standard_conforming_strings = ${value}`);
      for (let round = 0; round < 60; round += 1) {
        const lines = oddHistory();
        await writeHistory(lines);
        const fromDigest = digestOf(lines);
        await world.admin.query("update tenants set migrations_digest = $1", [fromDigest]);
        expect(await begins(tenant, { fromDigest }), JSON.stringify(lines)).toBe(true);
        const [line] = lines;
        if (line === undefined) continue;
        await writeHistory([{ ...line, checksum: `${line.checksum}x` }, ...lines.slice(1)]);
        expect(await begins(tenant, { fromDigest }), JSON.stringify(lines)).toBe(false);
      }
      await world.admin.query("reset standard_conforming_strings");
    },
  );

  it("finds the tenant by odd names, and no other one", async () => {
    const other = await world.tenancy.create("other");
    for (let round = 0; round < 30; round += 1) {
      const schemaName = `tenant ${round} ${oddText()}`.slice(0, 50).replaceAll("\u0001", "");
      const slug = `slug ${round} ${oddText()}`;
      await world.admin.query(`create schema ${quoted(schemaName)}`);
      await world.admin.query(
        `create table ${quoted(schemaName)}.${table} (like tenant_acme.${table})`,
      );
      const fromDigest = digestOf([]);
      await world.admin.query(
        "update tenants set slug = $1, schema_name = $2, migrations_digest = $3 where id = $4",
        [slug, schemaName, fromDigest, other.id],
      );
      const odd = { id: other.id, schemaName, slug };
      expect(await begins(odd, { fromDigest, toDigest: oddText(), toVersion: oddText() })).toBe(
        true,
      );
      expect(await begins({ ...odd, slug: `${slug}x` }, { fromDigest })).toBe(false);
      expect(await begins({ ...odd, id: tenant.id }, { fromDigest })).toBe(false);
      expect(await begins({ ...odd, id: `${other.id}'` }, { fromDigest })).toBe(false);
    }
  });

  it("refuses a tenant in another state, or with another fingerprint, or halfway", async () => {
    const lines = [{ checksum: "c", name: "n", version: "1" }];
    const fromDigest = digestOf(lines);
    await writeHistory(lines);
    await world.admin.query("update tenants set migrations_digest = $1 where slug = 'acme'", [
      fromDigest,
    ]);
    expect(await begins(tenant, { fromDigest })).toBe(true);
    expect(await begins(tenant, { fromDigest, toVersion: null })).toBe(true);
    expect(await begins(tenant, { fromDigest, states: ["suspended", "archived"] })).toBe(false);
    expect(await begins(tenant, { fromDigest: digestOf([]) })).toBe(false);
    await world.admin.query(`update tenant_acme.${table} set is_finished = false`);
    expect(await begins(tenant, { fromDigest })).toBe(false);
  });
});

describe("the end of a message", () => {
  it("writes the history as it is given", async () => {
    const lines = [
      { checksum: oddText(), name: `odd ${oddText()}`, version: "0001" },
      { checksum: oddText(), name: oddText(), version: "2" },
    ];
    await world.admin.query(`delete from tenant_acme.${table}`);
    await world.admin.query(messageSql.end({ schema: "tenant_acme", table }, lines));
    const { rows } = await world.admin.query(
      `select version, name, checksum, is_finished, statements_done, direction, duration_ms >= 0 as took from tenant_acme.${table} order by version collate "C"`,
    );
    const rest = { direction: "up", is_finished: true, statements_done: 0, took: true };
    expect(rows).toEqual(lines.map((line) => ({ ...line, ...rest })));
  });
});
