import { onlyMatch } from "./code-scan.ts";
import { ENTRY_PATTERNS } from "./find-entry.ts";
import { type Import, importLines, insertImports } from "./insert-code.ts";
import type { Changes } from "./plan-changes.ts";
import type { PlannedFile, Planning } from "./plan.ts";
import { sourceFiles } from "./project-files.ts";
import { ADMIN_MOUNTS } from "./templates/admin.ts";
import { importPath } from "./templates/context.ts";
import { insertBehind } from "./templates/insert-behind.ts";

const WHAT = "mounts the admin pages at /admin";

/** In Nest it is made elsewhere than its module. */
const NEST =
  /^([ \t]*)(?:const|let)\s+(\w+)(?:\s*:\s*[\w.<>]+)?\s*=\s*await\s+NestFactory\.create(?:<[^(]*>)?\(/m;

/**
 * Plans where the admin pages are mounted: behind the line that makes the application, or by hand.
 *
 * @param entry - the plan of the file that gets the tenancy, which may be the same one
 */
export function planAdmin(planning: Planning, entry: Changes): Changes {
  const { context, files } = planning;
  const { answers, facts, paths } = context;
  const { framework } = answers;
  if (!answers.admin || framework === "next" || framework === "none") return entry;
  const mount = ADMIN_MOUNTS[framework];
  const pattern = framework === "nest" ? NEST : ENTRY_PATTERNS[framework];
  const path = framework === "nest" ? findNestMain(planning) : facts.entry;
  const planned = entry.files.find((file) => file.path === path);
  const text = planned?.after ?? (path === undefined ? undefined : files.read(path));
  const own = (from: string): Import => ({
    from: importPath(from, paths.admin, facts),
    names: ["createConsole"],
  });
  const tenants = (from: string): Import => ({
    from: importPath(from, paths.tenancy, facts),
    names: ["tenancy"],
  });
  if (path !== undefined && text !== undefined && pattern !== undefined) {
    if (text.includes(own(path).from)) return entry;
    const inserted =
      framework === "node"
        ? undefined
        : insertBehind(text, pattern, ({ name }) => mount.line(name));
    if (inserted !== undefined) {
      const needed = [...mount.imports, own(path), tenants(path)];
      const missing = needed.filter(({ from, names }) => !imports(text, from, names));
      const after = insertImports(inserted, missing);
      return { byHand: entry.byHand, files: withFile(entry.files, planned, { after, path, text }) };
    }
  }
  const home = path ?? paths.tenancy;
  const lines = importLines([...mount.imports, own(home), tenants(home)], text, facts);
  const byHand = {
    text: [...lines, "", `${mount.line("app").replaceAll("\n", ";\n")};`].join("\n"),
    what: `In ${path ?? "your application"}: ${WHAT}`,
  };
  return { byHand: [...entry.byHand, byHand], files: entry.files };
}

/** Whether a file has an import already. */
function imports(text: string, from: string, names: readonly string[]): boolean {
  const quoted = [`"${from}"`, `'${from}'`];
  return text
    .split("\n")
    .some(
      (line) =>
        quoted.some((name) => line.includes(name)) && names.every((one) => line.includes(one)),
    );
}

function findNestMain({ files }: Planning): string | undefined {
  return sourceFiles(files, "src").find(
    (path) => onlyMatch(files.read(path) ?? "", NEST) !== undefined,
  );
}

interface Mounted {
  readonly path: string;
  readonly text: string;
  readonly after: string;
}

/** Adds to a change that is planned for the same file, or plans one of its own. */
function withFile(
  files: readonly PlannedFile[],
  planned: PlannedFile | undefined,
  { after, path, text }: Mounted,
): PlannedFile[] {
  if (planned === undefined) {
    return [...files, { action: "change", after, before: text, path, what: WHAT }];
  }
  const what = planned.action === "keep" ? WHAT : `${planned.what}, and ${WHAT}`;
  return files.map((file) =>
    file === planned ? { ...file, action: "change", after, what } : file,
  );
}
