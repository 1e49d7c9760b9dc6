// Writes `reference/modules`, a page for each entry point, from the docstrings of the sources.
import { existsSync, globSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  Application,
  Converter,
  DeclarationReflection,
  type ProjectReflection,
  type Reflection,
  ReflectionKind,
} from "typedoc";

const DOCS = fileURLToPath(new URL("..", import.meta.url));
const ROOT = join(DOCS, "..");

/** Where the pages go. Git ignores it. */
const OUT = join(DOCS, "reference", "modules");

/** The name by which the root is imported. */
const PACKAGE = "kirayedar";

/** Options of typedoc's plugin for Markdown, which its own types do not know. */
const MARKDOWN = {
  entryFileName: "index",
  entryModule: PACKAGE,
  hideBreadcrumbs: true,
  hidePageHeader: true,
  parametersFormat: "table",
  router: "module",
  // The plugin's own count of headings is not that of the site where an alias has the same name.
  useCustomAnchors: true,
  typeDeclarationFormat: "table",
};

/** Returns the source of each entry point, by the name that it is imported by. */
function entryPoints(): Map<string, string> {
  const manifest = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
    exports: Record<string, string | { default: string }>;
  };
  const entries = Object.entries(manifest.exports).flatMap(([path, target]) =>
    typeof target === "string"
      ? []
      : [
          [
            PACKAGE + path.slice(1),
            join(ROOT, target.default.replace("./dist/", "src/").replace(/\.js$/, ".ts")),
          ] as const,
        ],
  );
  // An entry point is named in package.json before its first file is there.
  return new Map(entries.filter(([, file]) => existsSync(file)));
}

/** Typedoc calls a module by its folder in the sources: returns how it is imported. */
function nameOf(module: string, entries: ReadonlyMap<string, string>): string {
  const file = module === "index" ? "src/index.ts" : `src/${module}/index.ts`;
  return [...entries].find(([, path]) => path === join(ROOT, file))?.[0] ?? module;
}

/** What is exported, and has no docstring. The members of a literal are described by their owner. */
function undocumented(project: ProjectReflection): string[] {
  const kinds =
    ReflectionKind.Class |
    ReflectionKind.Interface |
    ReflectionKind.Function |
    ReflectionKind.TypeAlias |
    ReflectionKind.Variable |
    ReflectionKind.Property |
    ReflectionKind.Method |
    ReflectionKind.Accessor;
  return project
    .getReflectionsByKind(kinds)
    .filter((one) => !one.flags.isExternal && !one.parent?.kindOf(ReflectionKind.TypeLiteral))
    .filter((one) => !isDocumented(one))
    .map((one) => one.getFriendlyFullName());
}

function isDocumented(one: Reflection): boolean {
  if (one.hasComment() || !(one instanceof DeclarationReflection)) return one.hasComment();
  // What a base class has described is described, as is the name of an error.
  const isName = one.name === "name" && one.parent?.kindOf(ReflectionKind.Class) === true;
  const isOverride = one.overwrites !== undefined || isName;
  const signatures = one.getAllSignatures();
  return isOverride || signatures.some((signature) => signature.hasComment());
}

/** Headings that repeat at every name: as such they would fill the search and the outline. */
const LABEL =
  /^#{4,6} (Default Value|Example|Extends|Extended by|Implements|Parameters|Returns|See|Throws|Type Declaration|Type Parameters)$/gm;

/** What follows from the line above it, and says nothing more. */
const NOISE = /^#{4,6} (?:Implementation of|Inherited from|Overrides)\n\n.+\n\n?/gm;

/** Gives a page its title, and takes out what hides the names among headings. */
function tidy(file: string): void {
  const path = join(OUT, file);
  const name = file === "index.md" ? PACKAGE : file.replace(/\.md$/, "").replaceAll("\\", "/");
  const text = readFileSync(path, "utf8")
    .replace(/^# .*$/m, `# ${name}`)
    .replaceAll(NOISE, "")
    .replaceAll(/^#{4,6} (?:Accessors|Constructors|Methods|Properties)\n\n/gm, "")
    .replaceAll(LABEL, "**$1**")
    .replaceAll(/^#{5,6} /gm, "#### ")
    .replaceAll(/^\*{3}\n\n/gm, "");
  writeFileSync(path, `---\neditLink: false\noutline: [2, 3]\n---\n\n${withAnchors(text)}`);
}

/** Gives every heading an anchor that no other has. Links mean the first of two with the same. */
function withAnchors(text: string): string {
  const taken = new Set<string>();
  const heading = /^(#{2,4} .+?)(?: \{#([\w-]+)\})?$/gm;
  return text.replaceAll(heading, (_line, title: string, anchor: string | undefined) => {
    let id = anchor ?? `group-${title.toLowerCase().replaceAll(/[^a-z]+/g, "-")}`;
    while (taken.has(id)) id += "-more";
    taken.add(id);
    return `${title} {#${id}}`;
  });
}

async function main(): Promise<number> {
  const entries = entryPoints();
  const app = await Application.bootstrapWithPlugins({
    disableSources: true,
    entryPoints: [...entries.values()],
    excludeExternals: true,
    excludeInternal: true,
    excludePrivate: true,
    githubPages: false,
    logLevel: "Warn",
    plugin: ["typedoc-plugin-markdown"],
    readme: "none",
    // The root's own compiler, which is newer, has checked the types.
    skipErrorChecking: true,
    tsconfig: join(DOCS, "tsconfig.api.json"),
    validation: { invalidLink: true, notDocumented: false, notExported: false },
    ...MARKDOWN,
  });
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    for (const module of project.children ?? []) module.name = nameOf(module.name, entries);
  });
  const project = await app.convert();
  if (project === undefined) return 1;
  app.validate(project);
  const missing = undocumented(project);
  for (const name of missing) app.logger.error(`${name} has no docstring`);
  if (app.logger.hasErrors() || app.logger.hasWarnings()) return 1;
  rmSync(OUT, { force: true, recursive: true });
  await app.outputs.writeOutput({ name: "markdown", path: OUT }, project);
  for (const file of globSync("**/*.md", { cwd: OUT })) tidy(file);
  return app.logger.hasErrors() || app.logger.hasWarnings() ? 1 : 0;
}

process.exitCode = await main();
