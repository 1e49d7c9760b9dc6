import type { Command } from "commander";
import { describe, expect, it } from "vitest";
import { createProgram } from "../../../src/cli/program.ts";
import { readDocument } from "./markdown.ts";

const COMMON = new Set(["--as", "--config", "--json", "--verbose", "--help", "--version"]);

/** Returns every command that does something, by its whole name. */
function leaves(command: Command, before = ""): [string, Command][] {
  return command.commands.flatMap((child) => {
    const name = `${before}${child.name()}`;
    return child.commands.length > 0 ? leaves(child, `${name} `) : [[name, child]];
  });
}

describe("the guide to the command line", () => {
  const text = readDocument("docs/guide/command-line.md").lines.join("\n");
  const sections = new Map(
    text
      .split(/^### /m)
      .slice(1)
      .map((section) => [
        /^`kirayedar ([a-z ]+?)(?: [<[].*)?`\n/.exec(section)?.[1] ?? "",
        section,
      ]),
  );
  const commands = new Map(leaves(createProgram()));

  it("has one section for each command, and no other", () => {
    expect([...sections.keys()].toSorted()).toEqual([...commands.keys()].toSorted());
  });

  it.each([...commands])("lists the options of `%s`, and no other", (name, command) => {
    const isOwn = (long: string): boolean =>
      !COMMON.has(long) || `${name} ${long}` === "adopt --as";
    const known = command.options.map(({ long }) => long ?? "").filter(isOwn);
    const table = (sections.get(name) ?? "").split("\n").filter((line) => line.startsWith("| `--"));
    const listed = table.map((line) => /`(--[a-z-]+)/.exec(line)?.[1] ?? "");
    expect(listed.toSorted()).toEqual(
      name === "list" ? [...known, "--version"].toSorted() : known.toSorted(),
    );
  });
});
