import { createHash } from "node:crypto";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { FolderMigration, MigrationFolder } from "../../../src/core/migration-folder.ts";
import { mysql } from "../../../src/dialects/mysql/index.ts";
import { postgres } from "../../../src/dialects/postgres/index.ts";
import { discover, type KnownMigration } from "../../../src/migrate/discover.ts";
import {
  drizzleFolder,
  knexFolder,
  kyselyFolder,
  mikroOrmFolder,
  prismaFolder,
  typeormFolder,
} from "../../../src/migrate/folders/index.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "kirayedar-folders-"));
});
afterEach(async () => {
  await rm(folder, { force: true, recursive: true });
});

const put = async (name: string, text: string): Promise<void> => {
  await mkdir(dirname(join(folder, name)), { recursive: true });
  await writeFile(join(folder, name), text);
};
const importModule = (url: string): Promise<unknown> => import(/* @vite-ignore */ url);
const find = (source: MigrationFolder, dialect = postgres): Promise<KnownMigration[]> =>
  discover({ dialect, importModule, isOptional: false, source });
const invalid = (message: RegExp): object => ({
  code: "MIGRATION_INVALID",
  message: expect.stringMatching(message) as string,
});

/** Writes a journal, and its files. */
async function putJournal(
  entries: readonly { readonly tag: string; readonly when: number; readonly sql?: string }[],
  dialect = "postgresql",
): Promise<void> {
  const listed = entries.map(({ tag, when }, idx) => ({ breakpoints: true, idx, tag, when }));
  await put("meta/_journal.json", JSON.stringify({ dialect, entries: listed, version: "7" }));
  for (const { sql = "select 1", tag } of entries) await put(`${tag}.sql`, sql);
}

describe("a folder of Drizzle", () => {
  it("has versions in the order of its journal, whatever the time and the name", async () => {
    await putJournal([
      { tag: "0000_b", when: Date.UTC(2026, 0, 1, 10, 0, 0, 123) },
      { tag: "0001_a", when: Date.UTC(2026, 0, 1, 10, 0, 0, 999) },
      { tag: "0002_c", when: Date.UTC(2025, 0, 1) },
    ]);
    const found = await find(drizzleFolder(folder));
    expect(found.map(({ name, version }) => `${version} ${name}`)).toEqual([
      "20260101100000 0000_b",
      "20260101100001 0001_a",
      "20260101100002 0002_c",
    ]);
  });

  it("has the same versions and checksums once it is upgraded", async () => {
    const sql = 'CREATE TABLE "a" ();\n--> statement-breakpoint\nCREATE TABLE "b" ();';
    await putJournal([{ sql, tag: "0000_b", when: Date.UTC(2026, 0, 1, 10, 0, 0, 123) }]);
    const [before] = await find(drizzleFolder(folder));
    await rm(folder, { recursive: true });
    await put("20260101100000_b/migration.sql", sql);
    await put("20260101100000_b/snapshot.json", '{ "dialect": "postgres" }');
    await put("notes/readme.md", "");
    const [after] = await find(drizzleFolder(folder));
    expect([after?.version, after?.checksum]).toEqual([before?.version, before?.checksum]);
  });

  it("ends statements where Drizzle cuts, on the lines where they were", async () => {
    const sql =
      "select 1 -- one\n--> statement-breakpoint\nselect ';'; -- two\n--> statement-breakpoint\n-- nothing\n--> statement-breakpoint\nselect 3";
    await putJournal([{ sql, tag: "0000_a", when: 1 }], "mysql");
    const [{ up } = { up: "" }] = await find(drizzleFolder(folder), mysql);
    const statements = mysql.script.split(String(up));
    expect(statements.map(({ text }) => text.replace(/ --.*/, ""))).toEqual([
      "select 1",
      "select ';'",
      "select 3",
    ]);
  });

  it.each([
    ["no journal", "meta/_journal.json", "{", /is no journal/],
    ["entries without a time", "meta/_journal.json", '{"entries":[{"tag":"a"}]}', /is no journal/],
    ["files and no journal", "0000_a.sql", "select 1", /no meta\/_journal\.json/],
    ["a folder without a time", "init/migration.sql", "select 1", /does not begin with a time/],
    ["another engine", "meta/_journal.json", '{"dialect":"sqlite","entries":[]}', /are for sqlite/],
    ["another engine", "20260101000000_a/snapshot.json", '{"dialect":"mysql"}', /are for mysql/],
  ])("is refused with %s", async (_what, name, text, message) => {
    if (name.endsWith("snapshot.json"))
      await put(name.replace("snapshot.json", "migration.sql"), "");
    await put(name, text);
    await expect(find(drizzleFolder(folder))).rejects.toMatchObject(invalid(message));
  });

  it("is refused where a file of its journal is missing", async () => {
    await putJournal([{ tag: "0000_a", when: 1 }]);
    await rm(join(folder, "0000_a.sql"));
    await expect(find(drizzleFolder(folder))).rejects.toMatchObject(invalid(/cannot be read/));
  });

  it("is refused where a name cannot be the tenant's, with file and line", async () => {
    const sql = 'select 1;\ngrant usage on schema "public" to someone;';
    await putJournal([{ sql, tag: "0000_a", when: 1 }]);
    await expect(find(drizzleFolder(folder))).rejects.toMatchObject(
      invalid(/0000_a\.sql:2 has a statement on the schema "public" itself/),
    );
  });
});

describe("a folder of Prisma", () => {
  it("undoes what has a `down.sql`, and runs in no transaction what refuses one", async () => {
    await put("migration_lock.toml", 'provider = "postgresql"\n');
    await put("0_init/migration.sql", 'CREATE TABLE "public"."a" ("n" INT);');
    await put("0_init/down.sql", 'DROP TABLE "public"."a";');
    await put("20260101000000_index/migration.sql", "CREATE INDEX CONCURRENTLY i ON a (n);");
    const found = await find(prismaFolder(folder));
    expect(
      found.map(({ down, transaction, up, version }) => [version, up, down, transaction]),
    ).toEqual([
      ["0", 'CREATE TABLE "a" ("n" INT);', 'DROP TABLE "a";', true],
      ["20260101000000", "CREATE INDEX CONCURRENTLY i ON a (n);", undefined, false],
    ]);
  });

  it.each([
    ["another engine", { "migration_lock.toml": 'provider = "mysql"' }, /are for mysql/],
    ["a name without a number", { "init/migration.sql": "" }, /does not begin with a number/],
    ["a folder without SQL", { "1_a/readme.md": "" }, /cannot be read/],
    [
      "names in another order than numbers",
      { "10_b/migration.sql": "", "9_a/migration.sql": "" },
      /10_b comes before 9_a by its name/,
    ],
  ])("is refused with %s", async (_what, files, message) => {
    for (const [name, text] of Object.entries(files)) await put(name, text);
    await expect(find(prismaFolder(folder))).rejects.toMatchObject(invalid(message));
  });
});

describe("a folder of modules", () => {
  const PEER = { kysely: {} as never };

  it("leaves alone what is no migration", async () => {
    await put("001_a.mjs", "export const up = () => {};");
    await put("001_a.d.mts", "");
    await put("001_a.test.mjs", "throw new Error();");
    await put(".snapshot-public.json", "{}");
    await put("later/002_b.mjs", "throw new Error();");
    const [found, ...others] = await find(kyselyFolder(folder, PEER));
    expect([found?.name, found?.down, found?.transaction]).toEqual(["001_a", undefined, true]);
    expect(others).toEqual([]);
  });

  it("may say itself what versions are", async () => {
    await put("2026-01-02-b.mjs", "export const up = () => {}; export const transaction = false;");
    await put("2026-01-01-a.mjs", "export default { up() {}, down() {} }");
    const version = (name: string): string => name.replace(/\D/g, "");
    const found = await find(kyselyFolder(folder, { ...PEER, version }));
    expect(found.map((one) => [one.version, one.transaction])).toEqual([
      ["20260101", true],
      ["20260102", false],
    ]);
  });

  it.each([
    ["no digits", kyselyFolder, "first.mjs", "export const up = () => {};", /has no version/],
    ["no functions", knexFolder, "001_a.mjs", "export const other = 1;", /exports no function/],
    ["no class", typeormFolder, "1-a.mjs", "export class A {}", /no migration of TypeORM/],
    ["no class", mikroOrmFolder, "Migration1.mjs", "export class A {}", /no migration of MikroORM/],
    ["no timestamp", typeormFolder, "1-a.mjs", "export class A { up() {} }", /of 13 digits/],
    ["an error", knexFolder, "001_a.mjs", "throw new Error('x')", /cannot be loaded/],
  ])("is refused with %s: %o", async (_what, make, name, text, message) => {
    await put(name, text);
    await expect(find(make(folder))).rejects.toMatchObject(invalid(message));
  });

  it("needs the library", async () => {
    const { loadPeer } = await import("../../../src/migrate/folders/load-peer.ts");
    await expect(loadPeer("no-such-library", "library", undefined)).rejects.toMatchObject({
      code: "UNSUPPORTED_PEER",
    });
  });
});

describe("a history", () => {
  const hash = (text: string): string => createHash("sha256").update(text).digest("hex");

  it("of Drizzle is known whatever became of line ends, and in one second", async () => {
    const when = Date.UTC(2026, 0, 1, 10, 0, 0);
    await putJournal([
      { sql: "select 1;\n", tag: "0000_a", when: when + 1 },
      { sql: "select 2;\r\n", tag: "0001_b", when: when + 2 },
      { sql: "\ufeffselect 3;\n", tag: "0002_c", when: when + 3 },
      { sql: "select 1;\n", tag: "0003_again", when: when + 9_000 },
    ]);
    const source = drizzleFolder(folder);
    const found = (await find(source)) as unknown as FolderMigration[];
    const rows = [
      { created_at: String(when + 1), hash: hash("select 1;\r\n") },
      { created_at: String(when + 2), hash: hash("select 2;\n") },
      { created_at: String(when + 3), hash: hash("\ufeffselect 3;\n") },
      { created_at: String(when + 9_000), hash: hash("select 1;\n") },
    ];
    for (let count = 0; count <= rows.length; count += 1) {
      expect(source.compare(rows.slice(0, count), found)).toEqual({
        problems: [],
        versions: found.slice(0, count).map(({ version }) => version),
      });
    }
    const changed = [{ created_at: when + 1, hash: hash("select 4") }];
    expect(source.compare(changed, found).problems).toEqual([
      "The migration 0000_a was changed after it had been applied.",
    ]);
  });

  it("of Knex is known by the names of files, compiled or not", async () => {
    await put("001_a.mjs", "export const up = () => {};");
    const source = knexFolder(folder);
    const found = (await find(source)) as unknown as FolderMigration[];
    expect(source.compare([{ name: "001_a.ts" }, { name: "002_b.ts" }], found)).toEqual({
      problems: ["The migration 002_b.ts is recorded, and there is no file of it."],
      versions: ["001"],
    });
  });
});

describe("every function", () => {
  it.each([drizzleFolder, knexFolder, kyselyFolder, mikroOrmFolder, prismaFolder, typeormFolder])(
    "refuses no folder, and one that is not there: %o",
    async (make) => {
      expect(() => make("")).toThrow(expect.objectContaining({ code: "INVALID_CONFIG" }));
      await expect(find(make(join(folder, "nowhere")))).rejects.toMatchObject({
        code: "MIGRATIONS_FOLDER_MISSING",
      });
    },
  );
});
