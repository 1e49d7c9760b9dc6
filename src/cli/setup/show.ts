import { count, type Style } from "../output.ts";
import { printable } from "../text-width.ts";
import { diffLines, nearChanges } from "./line-diff.ts";
import type { Plan, PlannedFile } from "./plan.ts";

/** Shows a plan: what is made, what changes and how, and what stays as it is. */
export function formatPlan({ byHand, files }: Plan, style: Style): string {
  const of = (action: PlannedFile["action"]): PlannedFile[] =>
    files.filter((file) => file.action === action);
  const width = Math.max(0, ...files.map(({ path }) => path.length));
  const list = (mark: string, some: readonly PlannedFile[]): string[] =>
    some.map(({ path, what }) => `  ${mark} ${printable(path).padEnd(width)}  ${style.dim(what)}`);
  const sections = [
    section("New:", list(style.green("+"), of("create")), style),
    section(
      "Changed:",
      of("change").flatMap((file) => changed(file, style)),
      style,
    ),
    section(
      "There already, and different:",
      of("replace").flatMap((file) => changed(file, style)),
      style,
    ),
    section("Left as it is:", list(" ", of("keep")), style),
    ...byHand.map(({ text, what }) =>
      section(`For you to put in. ${what}:`, indented(text), style),
    ),
  ];
  return sections.filter((text) => text !== "").join("\n\n");
}

function section(title: string, lines: readonly string[], style: Style): string {
  return lines.length === 0 ? "" : [style.bold(title), ...lines].join("\n");
}

function indented(text: string): string[] {
  return text
    .trimEnd()
    .split("\n")
    .map((line) => (line === "" ? "" : `    ${line}`));
}

function changed(file: PlannedFile, style: Style): string[] {
  const { path, what } = file;
  const mark = file.action === "replace" ? style.red("!") : style.yellow("~");
  return [`  ${mark} ${printable(path)}  ${style.dim(what)}`, ...formatDiff(file, style)];
}

const PASSWORD = /(:\/\/[^:/@\s]*:)[^@\s]*@/g;

/** Shows how a file changes, without passwords. */
export function formatDiff({ after, before = "", isSecret }: PlannedFile, style: Style): string[] {
  return nearChanges(diffLines(before, after)).map((line) => {
    if (line === undefined) return style.dim("      …");
    const { kind, text } = line;
    const [name] = /^\s*(?:export\s+)?\w+=/.exec(text) ?? [];
    // What else is in such a file is nobody's business here.
    const visible =
      isSecret !== true || text === ""
        ? text
        : kind === "same"
          ? `${name ?? ""}…`
          : text.replace(PASSWORD, "$1…@");
    // A tab would be shown as what cannot be printed.
    const shown = printable(visible.replaceAll("\t", "    "));
    if (kind === "same") return style.dim(`      ${shown}`);
    return kind === "added" ? style.green(`    + ${shown}`) : style.red(`    - ${shown}`);
  });
}

/** Shows the texts of all new files. */
export function formatNewFiles({ files }: Plan, style: Style): string {
  return files
    .filter(({ action }) => action === "create")
    .map((file) => [style.bold(file.path), ...formatDiff(file, style)].join("\n"))
    .join("\n\n");
}

/** Says in a few words what a plan does. */
export function summarize({ files }: Plan): string {
  const many = (action: PlannedFile["action"]): number =>
    files.filter((file) => file.action === action).length;
  const parts = [
    [many("create"), "new"],
    [many("change"), "changed"],
    [many("replace"), "replaced"],
  ] as const;
  const said = parts.filter(([number]) => number > 0).map(([number, word]) => `${number} ${word}`);
  return `${count(many("create") + many("change") + many("replace"), "file")}: ${said.join(", ")}`;
}
