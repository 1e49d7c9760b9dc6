import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { TenancyError } from "../../errors/tenancy-error.ts";
import type { GeneratedFile } from "./generated-file.ts";

/** Folders that are no source. */
const NO_SOURCE: ReadonlySet<string> = new Set(["dist", "node_modules"]);

/**
 * Returns the source of the console's pages, with what builds it.
 *
 * @param folder - where it is to be, from the project's folder
 * @throws TenancyError `INVALID_CONFIG` if this installation has no pages
 */
export function ejectedPages(folder: string): readonly GeneratedFile[] {
  const source = sourceFolder();
  const paths = [join(source, "contract.ts"), ...filesIn(join(source, "ui"))];
  const files = paths.map((path) => ({
    file: `${folder}/${relative(source, path).split(sep).join("/")}`,
    text: readFileSync(path, "utf8"),
  }));
  return [
    { file: `${folder}/package.json`, text: manifest() },
    { file: `${folder}/README.md`, text: readme(folder) },
    ...files,
  ];
}

/** Beside what is built there is a copy; what is run from its source has the source itself. */
function sourceFolder(): string {
  const found = ["../../admin/ui-source/", "../../admin/"]
    .map((path) => fileURLToPath(new URL(path, import.meta.url)))
    .find((path) => existsSync(join(path, "ui", "index.html")));
  if (found !== undefined) return found;
  throw new TenancyError("INVALID_CONFIG", "This installation has no source of the pages.", {
    remedy: "Install the package anew.",
  });
}

function filesIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (NO_SOURCE.has(entry.name)) return [];
    const path = join(folder, entry.name);
    return entry.isDirectory() ? filesIn(path) : [path];
  });
}

/** With the versions that the pages were built and tested with. */
function manifest(): string {
  const own = JSON.parse(
    readFileSync(new URL("../../../package.json", import.meta.url), "utf8"),
  ) as { readonly devDependencies?: Readonly<Record<string, string>> };
  const versionOf = (name: string): string => own.devDependencies?.[name] ?? "latest";
  const document = {
    dependencies: { preact: versionOf("preact") },
    devDependencies: { typescript: versionOf("typescript"), vite: versionOf("vite") },
    name: "admin-pages",
    private: true,
    scripts: {
      build: "vite build ui --config ui/vite.config.ts",
      check: "tsc -p ui/tsconfig.json",
      watch: "vite build ui --config ui/vite.config.ts --watch",
    },
    type: "module",
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}

function readme(folder: string): string {
  return `# Pages of the admin console

These are yours: change what you like. They talk to the JSON API of the console alone, whose types are in
\`contract.ts\`; its description is at \`/admin/api/openapi.json\`.

\`\`\`bash
cd ${folder}
npm install
npm run build   # writes ui/dist, which \`createAdmin({ pages })\` serves
npm run watch   # does so after each change
npm run check   # compiles without writing anything
\`\`\`

The page's policy allows files of the console's own address alone: no inline scripts or styles, no fonts or
pictures from elsewhere.
`;
}
