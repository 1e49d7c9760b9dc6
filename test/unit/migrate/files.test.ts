import { mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { postgres } from "../../../src/dialects/postgres/index.ts";
import { checkScript } from "../../../src/migrate/check-script.ts";
import { compareVersions, discover } from "../../../src/migrate/discover.ts";
import { generateMigration } from "../../../src/migrate/generate-migration.ts";
import { parseSqlFile } from "../../../src/migrate/parse-sql-file.ts";
import { REGISTRY_VERSION } from "../../../src/registry/registry-migration.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "kirayedar-migrations-"));
});
afterEach(async () => {
  await rm(folder, { force: true, recursive: true });
});

const importModule = (url: string): Promise<unknown> => import(/* @vite-ignore */ url);
const find = (source = folder, isOptional = false): ReturnType<typeof discover> =>
  discover({ dialect: postgres, importModule, isOptional, source });
const put = (name: string, text: string): Promise<void> => writeFile(join(folder, name), text);

describe("a SQL file", () => {
  it("has sections, whose lines stay where they are", () => {
    const parts = parseSqlFile("-- migrate:up\na;\n-- migrate:down\nb;\n", "f.sql");
    expect(parts).toEqual({
      down: "\n\n\nb;\n",
      phase: undefined,
      transaction: true,
      up: "\na;\n\n\n",
    });
  });

  it("is all up without sections, and can say that it wants no transaction", () => {
    expect(parseSqlFile("a;", "f.sql")).toMatchObject({
      down: undefined,
      transaction: true,
      up: "a;",
    });
    expect(parseSqlFile("-- migrate:no-transaction\na;", "f.sql").transaction).toBe(false);
    expect(parseSqlFile("-- migrate:up transaction:false\na;", "f.sql").transaction).toBe(false);
  });

  it.each([
    ["-- migrate:phase contract\n-- migrate:up\na;", "contract"],
    ["-- why\n  --migrate:phase  expand \r\na;", "expand"],
    ["-- migrate:no-transaction\n-- migrate:phase contract\na;", "contract"],
    ["-- migrate:up transaction:false phase: contract\na;", "contract"],
    ["-- migrate:up\na; -- phase:contract", undefined],
  ])("says when it may run: %j", (text, phase) => {
    const parts = parseSqlFile(text, "f.sql");
    expect(parts.phase).toBe(phase);
    expect(parts.up.split("\n")).toHaveLength(text.split("\n").length);
  });

  it.each([
    ["-- migrate:up\na;\n-- migrate:up\nb;", "f.sql:3"],
    ["a;\n-- migrate:up\nb;", "f.sql:2"],
    ["-- migrate:sideways\n", "f.sql:1"],
    ["\n-- migrate:phase\na;", "f.sql:2"],
    ["\n-- migrate:phase Contract\na;", "f.sql:2"],
    ["-- migrate:phase contract later\na;", "f.sql:1"],
    ["-- migrate:up phase:shrink\na;", "f.sql:1"],
    ["-- migrate:phase expand\n-- migrate:up phase:contract\na;", "f.sql:2"],
    ["-- migrate:up\na;\n-- migrate:down phase:contract\nb;", "f.sql:3"],
  ])("is refused when its sections make no sense: %j", (text, where) => {
    expect(() => parseSqlFile(text, "f.sql")).toThrow(where);
    expect(() => parseSqlFile(text, "f.sql")).toThrow("MIGRATION_INVALID");
  });
});

describe("a script", () => {
  it.each([
    "commit",
    "BEGIN; select 1; COMMIT",
    "-- why\nrollback",
    "start transaction",
    "set search_path = public",
    "SET SESSION search_path TO x",
    "set role admin",
    "set local role admin",
    'set "search_path" = public',
    "reset all",
    "select set_config('search_path', 'x', false)",
    "\\d",
  ])("is refused when it would leave its transaction or its schema: %j", (text) => {
    expect(() => checkScript(postgres, `select 1;\n${text}`, "f.sql")).toThrow("MIGRATION_INVALID");
    expect(() => checkScript(postgres, `select 1;\n${text}`, "f.sql")).toThrow(/f\.sql:[23]/);
  });

  it.each([
    "set local lock_timeout = '1s'",
    "set statement_timeout = 0",
    "rollback to savepoint s",
    "create function f() returns void language plpgsql as $$ begin perform 1; end $$",
    "select 'commit'",
    "select set_config('search_path', 'x', true)",
  ])("may have %j", (text) => {
    expect(checkScript(postgres, text, "f.sql")).toHaveLength(1);
  });
});

describe("a folder", () => {
  it("is read by version: SQL, pairs and modules", async () => {
    await put("3_c.js", "export const up = async () => {}; export const transaction = false;");
    await put("1_a.sql", "-- migrate:up\nselect 1;\n-- migrate:down\nselect 2;");
    await put("2_b.up.sql", "select 3;");
    await put("2_b.down.sql", "select 4;");
    await put("10_d.mjs", "export default { up() {}, down() {} };");
    await put("README.md", "notes");
    await put("types.d.ts", "");
    const found = await find();
    expect(
      found.map(({ down, name, transaction, up, version }) => [
        version,
        name,
        typeof up,
        typeof down,
        transaction,
      ]),
    ).toEqual([
      ["1", "a", "string", "string", true],
      ["2", "b", "string", "string", true],
      ["3", "c", "function", "undefined", false],
      ["10", "d", "function", "function", true],
    ]);
  });

  it("has migrations that expand, unless they say otherwise", async () => {
    await put("1_a.sql", "select 1;");
    await put("2_b.up.sql", "-- migrate:phase contract\nselect 1;");
    await put("2_b.down.sql", "select 2;");
    await put("3_c.js", "export const up = () => {};");
    await put("4_d.js", 'export const phase = "contract"; export const up = () => {};');
    await put("5_e.js", 'export default { phase: "contract", up() {} };');
    expect((await find()).map(({ phase }) => phase)).toEqual([
      "expand",
      "contract",
      "expand",
      "contract",
      "contract",
    ]);
    const objects = [
      { name: "a", up: "", version: "1" },
      { name: "b", phase: "contract", up: "", version: "2" },
    ] as const;
    const found = await discover({
      dialect: postgres,
      importModule,
      isOptional: false,
      source: objects,
    });
    expect(found.map(({ phase }) => phase)).toEqual(["expand", "contract"]);
  });

  it("has the same checksum with other line endings", async () => {
    await put("1_a.sql", "select 1;\nselect 2;\n");
    const [before] = await find();
    await put("1_a.sql", "select 1;\r\nselect 2;\r\n");
    const [after] = await find();
    expect(after?.checksum).toBe(before?.checksum);
  });

  it("may have files that begin with a byte order mark", async () => {
    const text = "-- migrate:no-transaction\n-- migrate:up\nselect 1;\n-- migrate:down\nselect 2;";
    await put("1_a.sql", text);
    await put("2_b.up.sql", "\ufeffselect 3;");
    await put("2_b.down.sql", "\ufeffselect 4;");
    const [plain] = await find();
    await put("1_a.sql", `\ufeff${text}`);
    const [marked, pair] = await find();
    expect(marked).toEqual(plain);
    expect(marked).toMatchObject({ down: "\n\n\n\nselect 2;", transaction: false });
    expect(pair).toMatchObject({ down: "select 4;", up: "select 3;" });
  });

  it.each([
    [{ "1_a.sql": "", "1_b.sql": "" }, "the same version"],
    [{ "1_a.sql": "", "2_a.sql": "" }, "the same name"],
    [{ "a.sql": "" }, "not named like a migration"],
    [{ "1_a.js": "export const down = 1;" }, "no function `up`"],
    [{ "1_a.js": "this is not JavaScript" }, "cannot be loaded"],
    [
      { "1_a.js": 'export const phase = "shrink"; export const up = () => {};' },
      "1_a.js has a phase",
    ],
    [{ "1_a.sql": "-- migrate:phase shrink" }, "1_a.sql:1 has a phase"],
  ])("is refused when it is not clear: %j", async (files, message) => {
    for (const [name, text] of Object.entries(files)) await put(name, text);
    await expect(find()).rejects.toThrow(message);
    await expect(find()).rejects.toMatchObject({ code: "MIGRATION_INVALID" });
  });

  it("may be missing only when nobody asked for it", async () => {
    await expect(find(join(folder, "none"))).rejects.toMatchObject({
      code: "MIGRATIONS_FOLDER_MISSING",
    });
    expect(await find(join(folder, "none"), true)).toEqual([]);
  });

  it("orders versions as numbers", () => {
    const versions = ["10", "9", "002", "0", "20260101120000", "1", REGISTRY_VERSION];
    expect(versions.toSorted(compareVersions)).toEqual([
      REGISTRY_VERSION,
      "0",
      "1",
      "002",
      "9",
      "10",
      "20260101120000",
    ]);
  });
});

describe("generateMigration", () => {
  const now = new Date("2026-01-02T03:04:05Z");
  const generate = (
    name: string,
    kind: "sql" | "ts" | "js" = "sql",
  ): ReturnType<typeof generateMigration> =>
    generateMigration({ folder: join(folder, "new"), kind, name, now });

  it("writes files that are migrations, with versions of their own", async () => {
    const made = [];
    for (const name of ["create posts", "AddAuthor", "drop-tags"]) made.push(await generate(name));
    expect(made.map(({ version }) => version)).toEqual([
      "20260102030405",
      "20260102030406",
      "20260102030407",
    ]);
    expect((await readdir(join(folder, "new"))).toSorted()).toEqual([
      "20260102030405_create_posts.sql",
      "20260102030406_add_author.sql",
      "20260102030407_drop_tags.sql",
    ]);
    expect(await find(join(folder, "new"))).toHaveLength(3);
  });

  it("writes modules", async () => {
    await generate("one", "js");
    const { file } = await generate("two", "ts");
    expect(await readFile(file, "utf8")).toContain("MigrationContext");
  });

  it.each(["", "  ", "../x", "a/b", "émigré", "x'; drop", "_"])(
    "refuses the name %j",
    async (name) => {
      await expect(generate(name)).rejects.toMatchObject({ code: "MIGRATION_INVALID" });
    },
  );

  it("refuses a name that is there already, and overwrites nothing", async () => {
    await generate("create posts");
    await expect(generate("create posts")).rejects.toMatchObject({ code: "MIGRATION_INVALID" });
  });
});
