import { afterAll, beforeAll, expect, it } from "vitest";
import type { JournalEntry } from "../../../src/core/journal-sql.ts";
import { mysql } from "../../../src/dialects/mysql/index.ts";
import {
  createTestMysqlDatabase,
  describeMysql,
  type TestMysqlDatabase,
} from "../../support/database.ts";
import { openRawClient, type RawClient } from "./raw-client.ts";

const { journal } = mysql;

const entry: JournalEntry = {
  checksum: "abc",
  direction: "up",
  doneChecksum: null,
  durationMs: 1.25,
  error: null,
  isFinished: true,
  name: "first",
  statementsDone: 0,
  version: "1",
};

describeMysql("the SQL of MySQL's migration history", () => {
  let database: TestMysqlDatabase;
  let client: RawClient;
  let table: { readonly schema: string; readonly table: string };

  beforeAll(async () => {
    database = await createTestMysqlDatabase();
    client = await openRawClient(database.url);
    table = { schema: database.name, table: "his`tory" };
    await client.script(journal.create(table));
    await client.script(journal.create(table));
  });
  afterAll(async () => {
    await client.end();
    await database.drop();
  });

  it("keeps entries as they are, and replaces the one of the same version", async () => {
    const halfway: JournalEntry = {
      ...entry,
      direction: "down",
      doneChecksum: "def",
      error: 'It\'s \\ "odd" 😀',
      isFinished: false,
      statementsDone: 3,
      version: "v",
    };
    await client.query(journal.write(table, [entry, { ...halfway, version: "V" }, halfway]));
    await client.execute(journal.write(table, [{ ...entry, durationMs: 2 }]));
    const rows = (await client.query(journal.list(table))).map((row) => journal.read(row));
    const byVersion = rows.toSorted((a, b) => (a.version < b.version ? -1 : 1));
    expect(byVersion).toEqual([
      { ...entry, appliedAt: expect.any(Date), durationMs: 2 },
      { ...halfway, appliedAt: expect.any(Date), version: "V" },
      { ...halfway, appliedAt: expect.any(Date) },
    ]);
    await client.query(journal.remove(table, "V"));
    await client.execute(journal.remove(table, "v"));
    expect(await client.query(journal.list(table))).toHaveLength(1);
  });

  it.each([
    { timezone: "+05:30" },
    { dateStrings: true, timezone: "Z" },
    { bigNumberStrings: true, supportBigNumbers: true },
    { decimalNumbers: true },
    { typeCast: false },
    { charset: "latin1" },
  ] as const)("reads the same with a client that has %j", async (options) => {
    await client.query(journal.write(table, [entry]));
    const other = await openRawClient(database.url, options);
    try {
      await other.query("set session time_zone = '-11:00'");
      const [row] = await other.query(journal.list(table));
      const read = journal.read(row!);
      expect(read).toEqual({ ...entry, appliedAt: read.appliedAt });
      expect(Math.abs(read.appliedAt.getTime() - Date.now())).toBeLessThan(60_000);
    } finally {
      await other.end();
    }
  });

  it("shortens the text of an error that is too long", async () => {
    const error = "😀".repeat(20_000);
    await client.query(journal.write(table, [{ ...entry, error, version: "long" }]));
    const rows = (await client.query(journal.list(table))).map((row) => journal.read(row));
    const kept = rows.find(({ version }) => version === "long")?.error;
    expect(kept).toHaveLength(10_000);
    await client.query(journal.remove(table, "long"));
  });

  it("tells a missing table or database from other errors", async () => {
    const failure = (statement: Parameters<RawClient["query"]>[0]): Promise<unknown> =>
      client.query(statement).catch((error: unknown) => error);
    const noTable = await failure(journal.list({ ...table, table: "missing" }));
    const noDatabase = await failure(journal.list({ ...table, schema: "missing" }));
    expect([noTable, noDatabase].map((error) => journal.isMissing(error))).toEqual([true, true]);
    expect(journal.isMissing(await failure("select"))).toBe(false);
  });
});
