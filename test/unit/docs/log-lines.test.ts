import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { readDocument, ROOT } from "./markdown.ts";

// What is said to whoever runs a command or a test.
const NOT_TOLD = /^src[/\\](?:cli|testing|admin[/\\]ui)[/\\]/;

/** Returns the messages of the log, which are constant texts. */
function messagesOf(text: string): string[] {
  const calls = text.matchAll(
    /logger\??\.(?:info|warn|error|debug)\(\s*(?:\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\}|[\w.]+(?:\([^()]*\))?),\s*"([^"]+)"/g,
  );
  // Of `resolve`, which has no dot in its name, no more is said than that a request was refused.
  const operations = text.matchAll(/"[\w]+\.[\w]+": \{ done: "([^"]+)", failed: "([^"]+)" \}/g);
  return [...calls, ...operations].flatMap(([, ...found]) => found);
}

it("names every log line on the page about them", () => {
  const files = readdirSync(join(ROOT, "src"), { encoding: "utf8", recursive: true })
    .map((name) => join("src", name))
    .filter((name) => name.endsWith(".ts") && !NOT_TOLD.test(name));
  const messages = files.flatMap((name) => messagesOf(readFileSync(join(ROOT, name), "utf8")));
  expect(messages.length).toBeGreaterThan(60);
  const page = readDocument("docs/guide/observability.md").lines.join("\n");
  // What stands behind a semicolon says what to do.
  const unnamed = messages.filter((message) => !page.includes(message.split(";")[0] ?? ""));
  expect(unnamed.toSorted()).toEqual([]);
});
