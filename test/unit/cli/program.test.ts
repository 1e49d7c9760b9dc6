import type { Command } from "commander";
import { expect, it } from "vitest";
import { createProgram, ENVIRONMENT } from "../../../src/cli/program.ts";

function leaves(command: Command): Command[] {
  return command.commands.length === 0 ? [command] : command.commands.flatMap(leaves);
}

/** What is typed for a command: `domains list`. */
function wordsOf(command: Command): string {
  const { parent } = command;
  return parent?.parent ? `${parent.name()} ${command.name()}` : command.name();
}

const commands = leaves(createProgram());

it("has every command", () => {
  expect(commands.map(wordsOf)).toEqual([
    "setup",
    "create",
    "adopt",
    "list",
    "show",
    "provision",
    "suspend",
    "resume",
    "rename",
    "domains list",
    "domains claim",
    "domains verify",
    "domains check",
    "domains add",
    "domains remove",
    "domains primary",
    "drop",
    "generate admin",
    "generate migration",
    "generate resolver",
    "generate seed",
    "generate test",
    "migrate",
    "rollback",
    "redo",
    "seed",
    "status",
    "runs",
    "run",
    "sql",
    "shell",
    "audit",
    "health",
    "admin",
    "diff",
  ]);
});

it.each(commands.map((command) => [wordsOf(command), command] as const))(
  "describes %s and its options, and lets it take the common ones",
  (_name, command) => {
    expect(command.description()).toMatch(/\.$/);
    for (const option of command.options) expect(option.description).not.toBe("");
    const flags = command.options.map(({ long }) => long);
    expect(flags).toEqual(expect.arrayContaining(["--as", "--config", "--json", "--verbose"]));
  },
);

it("ends the help in three examples, after the environment variables", () => {
  let help = "";
  const program = createProgram().configureOutput({ writeOut: (text) => void (help += text) });
  program.outputHelp();
  for (const { name } of ENVIRONMENT) expect(help).toContain(`  ${name}  `);
  const examples = help.slice(help.indexOf("\nExamples:\n")).trim().split("\n").slice(1);
  expect(examples).toHaveLength(3);
  for (const example of examples) expect(example).toMatch(/^ {2}kirayedar /);
});
