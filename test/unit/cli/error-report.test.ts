import { describe, expect, it } from "vitest";
import { formatError, summarizeError } from "../../../src/cli/error-report.ts";
import { toJsonError } from "../../../src/cli/json.ts";
import { styleOf } from "../../../src/cli/output.ts";
import { MigrationError } from "../../../src/migrate/migration-error.ts";
import { TenancyError } from "../../../src/errors/tenancy-error.ts";

const style = styleOf({ write: () => undefined });
const quiet = { style, verbose: false };

const broken = new MigrationError(
  {
    applied: ["1"],
    file: "migrations/tenant/2_broken.sql",
    line: 3,
    schemaName: "tenant_acme",
    statement: "create tabel\n  oops ()",
    statementNumber: 2,
    tenant: "acme",
    version: "2",
  },
  new Error('syntax error at or near "tabel"'),
);

const refused = new TenancyError("DATABASE_UNAVAILABLE", "The database could not be reached.", {
  cause: new AggregateError([new Error("connect ECONNREFUSED ::1:5432")], ""),
});

describe("formatError", () => {
  it("writes fact, remedy and code, and the cause's message without a stack", () => {
    expect(formatError(refused, quiet).split("\n")).toEqual([
      "error: The database could not be reached. Check that the server runs and that the connection settings are right. [DATABASE_UNAVAILABLE]",
      "  cause: connect ECONNREFUSED ::1:5432",
    ]);
  });

  it("shows stacks and every cause when verbose", () => {
    const text = formatError(refused, { style, verbose: true });
    expect(text).toMatch(/^error: .*\n {4}at /);
    expect(text).toContain("cause: connect ECONNREFUSED");
    expect(text).toContain("and: connect ECONNREFUSED");
  });

  it("does not repeat a cause that the message quotes already", () => {
    const error = new TenancyError("MIGRATION_FAILED", "It failed: syntax error at end.", {
      cause: new Error("syntax error at end"),
    });
    expect(formatError(error, quiet)).not.toContain("cause:");
  });

  it("shows the tenant, file, line, statement and the server's message of a failed migration", () => {
    const [first = "", ...rest] = formatError(broken, quiet).split("\n");
    expect(first).toContain("migrations/tenant/2_broken.sql:3");
    expect(first).toContain('tenant "acme"');
    expect(first).toContain('syntax error at or near "tabel"');
    expect(rest).toEqual([
      "  statement: create tabel",
      "    oops ()",
      "  done before it, and kept: 1",
    ]);
  });

  it("cuts a statement of many lines", () => {
    const statement = Array.from({ length: 40 }, (_, line) => `line ${line}`).join("\n");
    const error = Object.assign(new TenancyError("MIGRATION_FAILED", "It failed."), { statement });
    const lines = formatError(error, quiet).split("\n");
    expect(lines).toHaveLength(14);
    expect(lines.at(-1)).toBe("  …");
  });

  it("says how to see where an unknown error came from", () => {
    expect(formatError(new TypeError("x is not a function"), quiet)).toBe(
      "error: x is not a function\n  Pass --verbose to see where.",
    );
  });

  it("prints no control characters of what failed", () => {
    expect(formatError(new Error("\u001b[2J"), quiet)).not.toContain("\u001b");
  });

  it("ends when an error is among its own causes", () => {
    const [first, second, third] = [new Error("first"), new Error("second"), new Error("third")];
    first.cause = second;
    second.cause = third;
    third.cause = second;
    expect(formatError(first, quiet).match(/cause: second/g)).toHaveLength(1);
    third.cause = first;
    expect(formatError(first, quiet)).toContain("cause: third");
  });
});

describe("summarizeError", () => {
  it("has the code, and the cause if there is one", () => {
    expect(summarizeError(broken)).toBe('MIGRATION_FAILED: syntax error at or near "tabel"');
    expect(summarizeError(new TenancyError("TENANT_BUSY", "It is busy."))).toBe("TENANT_BUSY");
    expect(summarizeError(new Error("first line\nsecond"))).toBe("first line");
    expect(summarizeError(new Error("x".repeat(100)))).toHaveLength(70);
  });
});

describe("toJsonError", () => {
  it("has the code, the message, the tenant and the causes", () => {
    const error = new TenancyError("TENANT_NOT_FOUND", "There is no tenant x.", {
      cause: new Error("why"),
      tenant: "x",
    });
    expect(toJsonError(error)).toEqual({
      causes: ["why"],
      code: "TENANT_NOT_FOUND",
      message: error.message,
      tenant: "x",
    });
  });

  it("has the data of a failed migration", () => {
    expect(toJsonError(broken)).toMatchObject({
      details: { applied: ["1"], file: "migrations/tenant/2_broken.sql", line: 3, version: "2" },
      tenant: "acme",
    });
  });

  it("gives errors of others no code but their own", () => {
    expect(toJsonError(new Error("odd"))).toEqual({ code: null, message: "odd" });
    expect(toJsonError("thrown text")).toEqual({ code: null, message: "thrown text" });
  });
});
