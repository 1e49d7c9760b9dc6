import { describe, expect, it } from "vitest";
import type { QueryResult } from "../../../../src/core/driver.ts";
import { scopeOf } from "../../../../src/core/scope.ts";
import type { Wire } from "../../../../src/drivers/mysql/client-library.ts";
import { ScopeDatabases } from "../../../../src/drivers/mysql/connection-database.ts";
import { BatchText } from "../../../../src/drivers/mysql/query-batch.ts";
import { fakeTenant } from "../../../support/pg-world.ts";

const databases = new ScopeDatabases({ globalSchema: "main" });
const [a, b] = ["a", "b;`?"].map((name) =>
  databases.of(scopeOf({ ...fakeTenant(name), schemaName: name })),
);
const OK: QueryResult = { rowCount: 0, rows: [] };
const row = (name: string): QueryResult => ({ rowCount: 1, rows: [{ name }] });

/** A connection without a server, which answers a batch with these. */
function fake(results: readonly QueryResult[]): {
  readonly sent: unknown[];
  readonly wire: Wire;
} {
  const sent: unknown[] = [];
  const wire: Wire = {
    format: (text, params) => text.replace("?", String(params[0])),
    query: async (text, params) => {
      sent.push(params === undefined ? text : [text, ...params]);
      return OK as never;
    },
    queryMany: async (text) => {
      sent.push(text);
      return results;
    },
    release: () => undefined,
    reset: async () => undefined,
  };
  return { sent, wire };
}

describe("a batch", () => {
  it("holds nothing of the user's text, which the server prepares in each database", async () => {
    const { sent, wire } = fake([OK, OK, OK, row("a"), OK, OK, row("b"), OK]);
    const batch = await BatchText.begin(wire, "select ? /* ; '", [1]);
    expect(await batch?.run([a!, b!])).toEqual([row("a"), row("b")]);
    expect(sent).toEqual([
      "set session transaction read only",
      ["set @kirayedar_text = ?", "select 1 /* ; '"],
      "start transaction read only; " +
        "use `a`; prepare kirayedar from @kirayedar_text; execute kirayedar; " +
        "use `b;``?`; prepare kirayedar from @kirayedar_text; execute kirayedar; commit",
    ]);
  });

  it("has no rows rather than another tenant's, if there is a result too many or too few", async () => {
    for (const results of [
      [OK, OK, OK, row("a"), row("a"), OK, OK, row("b"), OK],
      [OK, OK, OK, row("a"), OK, row("b"), OK],
      [],
    ]) {
      const batch = await BatchText.begin(fake(results).wire, "select 1", undefined);
      await expect(batch?.run([a!, b!])).rejects.toThrow("has not answered each statement once");
    }
  });

  it("is not begun where parameters cannot be written, or the connection takes one statement", async () => {
    const [unwritten, single] = [fake([]).wire, fake([]).wire];
    Reflect.deleteProperty(unwritten, "format");
    Reflect.deleteProperty(single, "queryMany");
    expect(await BatchText.begin(unwritten, "select ?", [1])).toBeUndefined();
    expect(await BatchText.begin(unwritten, "select 1", [])).toBeDefined();
    expect(await BatchText.begin(single, "select 1", undefined)).toBeUndefined();
  });
});
