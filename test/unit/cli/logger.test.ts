import { expect, it } from "vitest";
import { createLogger } from "../../../src/cli/logger.ts";
import { createOutput } from "../../../src/cli/output.ts";

function log(verbose: boolean): string {
  let text = "";
  const stderr = { write: (more: string): void => void (text += more) };
  const output = createOutput({ json: false, stderr, stdout: { write: () => undefined } });
  const logger = createLogger(output, { verbose });
  logger.debug({ tenant: "acme" }, "looked up");
  logger.info({ durationMs: 3, schemaName: undefined, tenant: "acme" }, "tenant created");
  logger.warn({ err: new Error("gone\u001b[2J"), what: "two words" }, "connection lost");
  logger.error({ code: "TENANT_BUSY" }, "tenant drop failed");
  return text;
}

it("prints warnings, without control characters", () => {
  expect(log(false)).toBe('warn connection lost err="gone\\u001b[2J" what="two words"\n');
});

it("prints everything when verbose", () => {
  expect(log(true).split("\n")).toEqual([
    "debug looked up tenant=acme",
    "info tenant created durationMs=3 tenant=acme",
    expect.stringContaining("warn connection lost"),
    "error tenant drop failed code=TENANT_BUSY",
    "",
  ]);
});
