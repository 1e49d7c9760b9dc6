// Writes `project`: the pages that stand outside of `docs`, and the examples with their code.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { PROJECT_PAGES, toAnchor } from "./site-map.ts";

const DOCS = fileURLToPath(new URL("..", import.meta.url));
const ROOT = join(DOCS, "..");

/** What is shown of an example, by the language that it is written in. */
const LANGUAGES: Readonly<Record<string, string>> = {
  prisma: "text",
  sql: "sql",
  ts: "ts",
  tsx: "tsx",
};

/** What is made by programs, or is the same in all examples. */
const NOT_SHOWN = /(?:^|\/)(?:generated|node_modules|\.next|\.data)(?:\/|$)|\.d\.ts$/;

rmSync(join(DOCS, "project"), { force: true, recursive: true });
for (const [origin, page] of PROJECT_PAGES) write(page, readFileSync(join(ROOT, origin), "utf8"));
for (const { name } of readdirSync(join(ROOT, "examples"), { withFileTypes: true }).filter(
  (entry) => entry.isDirectory(),
)) {
  write(`project/examples/${name}.md`, exampleOf(name));
}

function write(page: string, text: string): void {
  const file = join(DOCS, page);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `---\neditLink: false\n---\n\n${text}`);
}

/** Returns the page of an example: what its README says, and its files. */
function exampleOf(name: string): string {
  const folder = join(ROOT, "examples", name);
  const files = readdirSync(folder, { encoding: "utf8", recursive: true })
    .map((file) => file.replaceAll("\\", "/"))
    .filter((file) => (file.split(".").at(-1) ?? "") in LANGUAGES && !NOT_SHOWN.test(file))
    .toSorted((a, b) => Number(b === "main.ts") - Number(a === "main.ts") || a.localeCompare(b));
  const shown = files.map((file) => {
    const code = readFileSync(join(folder, file), "utf8").trimEnd();
    const language = LANGUAGES[file.split(".").at(-1) ?? ""] ?? "text";
    return `### \`${file}\` {#${toAnchor(file)}}\n\n\`\`\`\`${language}\n${code}\n\`\`\`\`\n`;
  });
  return `${titleOf(folder, name)}\n## Its files\n\n${shown.join("\n")}`;
}

function titleOf(folder: string, name: string): string {
  try {
    return readFileSync(join(folder, "README.md"), "utf8");
  } catch {
    return `# ${name}\n\n\`npm run ${name}\` in a clone of the repository starts it.\n`;
  }
}
