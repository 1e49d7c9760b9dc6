import { expect, it } from "vitest";
import { createOutput, type OutputStream } from "../../../src/cli/output.ts";
import { createProgress } from "../../../src/cli/progress.ts";
import type { FleetItem } from "../../../src/core/fleet.ts";

function display(stderr: Partial<OutputStream>): {
  written: () => string;
  progress: ReturnType<typeof createProgress>;
} {
  let text = "";
  const write = (more: string): void => void (text += more);
  const output = createOutput({ json: false, stderr: { ...stderr, write }, stdout: { write } });
  return { progress: createProgress(output, "Migrating"), written: () => text };
}

const idle: FleetItem = { durationMs: 1, ok: true, schemaName: "s", tenant: "acme", versions: [] };
const changed: FleetItem = { ...idle, versions: ["1", "2"] };
const failed: FleetItem = {
  durationMs: 2,
  error: new Error("syntax error\nDETAIL: more"),
  ok: false,
  schemaName: "s",
  tenant: "globex",
};

it("writes a plain line for each tenant with news, and for every hundredth", () => {
  const { progress, written } = display({});
  progress.update({ done: 1, last: idle, total: 300 });
  progress.update({ done: 2, last: changed, total: 300 });
  progress.update({ done: 3, last: failed, total: 300 });
  progress.update({ done: 100, last: idle, total: 300 });
  progress.end();
  expect(written()).toBe(
    [
      "[2/300] acme 1, 2 (1 ms)",
      "[3/300] globex failed (2 ms): syntax error",
      "[100/300] acme nothing to do (1 ms)",
      "",
    ].join("\n"),
  );
});

it("is quiet about what goes well in a large fleet", () => {
  const { progress, written } = display({});
  progress.update({ done: 1, last: changed, total: 301 });
  progress.update({ done: 2, last: failed, total: 301 });
  progress.update({ done: 200, last: changed, total: 301 });
  expect(written()).toBe(
    "[2/301] globex failed (2 ms): syntax error\n[200/301] acme 1, 2 (1 ms)\n",
  );
});

it("draws a bar on one line of a terminal, and takes it away", () => {
  const { progress, written } = display({ columns: 50, isTTY: true });
  progress.update({ done: 12, last: changed, total: 24 });
  progress.end();
  const [, line = ""] = written().split("\r\u001b[2K");
  expect(line).toBe(`Migrating  ${"━".repeat(12)}${"─".repeat(12)}  12/24  acme`);
  expect(written().endsWith("\r\u001b[2K")).toBe(true);
  expect(written()).not.toContain("\n");
});

it("never draws a bar wider than the terminal", () => {
  const { progress, written } = display({ columns: 50, isTTY: true });
  progress.update({ done: 1, last: { ...changed, tenant: "x".repeat(60) }, total: 1 });
  const [, line = ""] = written().split("\r\u001b[2K");
  expect(line.length).toBeLessThan(50);
  expect(line.endsWith("…")).toBe(true);
});

it("leaves failures standing above the bar", () => {
  const { progress, written } = display({ columns: 80, isTTY: true });
  progress.update({ done: 1, last: failed, total: 2 });
  expect(written()).toContain("globex failed (2 ms): syntax error\n");
});
