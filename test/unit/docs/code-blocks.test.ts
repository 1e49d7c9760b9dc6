import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { type CodeBlock, type Document, readDocuments, ROOT } from "./markdown.ts";

/** What a fragment's readers have at hand, by the name under which it says so. */
const GIVEN: Readonly<Record<string, string>> = {
  acme: 'declare const acme: import("kirayedar").TenantHandle<import("pg").Pool>;',
  complete:
    'type Config = import("kirayedar").TenancyConfig; type Parts = "cache" | "migrations" | "registry"; ' +
    'type Complete = Required<Omit<Config, Parts | "importModule" | "now">> & { [P in Parts]: Required<NonNullable<Config[P]>> }; ' +
    'type CompletePg = Required<Omit<import("kirayedar/pg").PgOptions, keyof import("pg").PoolConfig>>; ' +
    'type CompleteMysql2 = Required<Pick<import("kirayedar/mysql2").Mysql2Options, "changePollMs" | "maintenanceConnections" | "maxPreparedStatements" | "multipleStatements" | "mysql2">>;',
  database: 'declare const database: import("kirayedar").Driver<import("pg").Pool>;',
  pool: 'declare const pool: import("pg").Pool;',
  prisma:
    "declare class PrismaClient { constructor(options: { adapter: object }); $disconnect(): Promise<void>; $extends: unknown; " +
    "note: { create(args: object): Promise<object>; findMany(): Promise<object[]> } }",
  tenancy: 'declare const tenancy: import("kirayedar").Tenancy<import("pg").Pool>;',
};

const folder = mkdtempSync(join(tmpdir(), "kirayedar-docs-"));
afterAll(() => rmSync(folder, { force: true, recursive: true }));

/** Writes every TypeScript block to a file of its own, on the lines where its document has it. */
function writeBlocks(documents: readonly Document[]): void {
  for (const document of documents) {
    const own = join(folder, document.path.replaceAll(/[/.]/g, "_"));
    mkdirSync(own);
    const taken = new Set<string>();
    for (const block of document.blocks.filter(({ language }) => language === "ts")) {
      const name = fileNameOf(block, taken);
      taken.add(name);
      const lead = block.given.map((given) => GIVEN[given] ?? unknownGiven(document, block, given));
      // Everything hidden stands on the first line, and the code where it is in the document.
      const text = `export {}; ${lead.join(" ")}${"\n".repeat(block.line - 1)}${block.text}\n`;
      mkdirSync(dirname(join(own, name)), { recursive: true });
      writeFileSync(join(own, name), text);
    }
  }
}

/** A block whose first line is a comment with a file name is that file: others can import it. */
function fileNameOf(block: CodeBlock, taken: ReadonlySet<string>): string {
  const [, named] = /^\/\/ ([\w./-]+\.ts)$/.exec(block.text.split("\n")[0] ?? "") ?? [];
  return named === undefined || taken.has(named) ? `line-${block.line}.ts` : named;
}

function unknownGiven({ path }: Document, { line }: CodeBlock, given: string): never {
  throw new Error(`${path}:${line} wants "${given}", which is not in GIVEN.`);
}

/** The project's own settings, for files that are elsewhere. */
function writeProject(): void {
  const own = JSON.parse(readFileSync(join(ROOT, "tsconfig.json"), "utf8")) as {
    compilerOptions: { paths: Record<string, string[]> };
  };
  const paths = Object.fromEntries(
    Object.entries(own.compilerOptions.paths).map(([name, files]) => [
      name,
      files.map((file) => join(ROOT, file)),
    ]),
  );
  const project = {
    compilerOptions: {
      // As applications of Nest have it.
      erasableSyntaxOnly: false,
      experimentalDecorators: true,
      noEmit: true,
      // Next's modules have names without `.js`, for its own bundler.
      paths: { ...paths, "next/*": [join(ROOT, "node_modules/next/*.d.ts")] },
      typeRoots: [join(ROOT, "node_modules/@types")],
    },
    extends: join(ROOT, "tsconfig.json"),
    include: ["**/*.ts"],
  };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(project));
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"), "junction");
}

describe("code in the documentation", () => {
  const documents = readDocuments();

  it("compiles", { timeout: 60_000 }, () => {
    writeProject();
    writeBlocks(documents);
    const compiler = join(ROOT, "node_modules/typescript/bin/tsc");
    const run = spawnSync(process.execPath, [compiler, "--pretty", "false", "-p", folder], {
      cwd: folder,
      encoding: "utf8",
    });
    expect({ errors: run.stdout, status: run.status }).toEqual({ errors: "", status: 0 });
  });

  it("names every language, so that none escapes the check", () => {
    const nameless = documents.flatMap(({ blocks, path }) =>
      blocks
        .filter(({ language }) => !["ts", "sql", "sh", "json", "text", "ini"].includes(language))
        .map(({ language, line }) => `${basename(path)}:${line} ${language}`),
    );
    expect(nameless).toEqual([]);
  });
});
