import { describe, expect, it } from "vitest";
import { detectProject } from "../../../../src/cli/setup/detect.ts";
import type { ProjectFacts } from "../../../../src/cli/setup/facts.ts";
import { memoryFiles } from "./memory-files.ts";

interface Given {
  readonly files?: Readonly<Record<string, string>>;
  readonly manifest?: object;
  readonly environment?: Readonly<Record<string, string>>;
}

function detect({ environment = {}, files = {}, manifest = {} }: Given): ProjectFacts {
  return detectProject(
    memoryFiles({ "package.json": JSON.stringify(manifest), ...files }),
    environment,
  );
}

const dependOn = (...names: string[]): object => ({
  dependencies: Object.fromEntries(names.map((name) => [name, "1"])),
});

describe("the database", () => {
  it("is that of DATABASE_URL, before any file", () => {
    const { database } = detect({
      environment: { DATABASE_URL: "mysql://host/app" },
      files: { ".env": "DATABASE_URL=postgres://host/app" },
    });
    expect(database).toEqual({
      engine: "mysql",
      foundIn: "the variable DATABASE_URL",
      isSet: true,
      url: "mysql://host/app",
      variable: "DATABASE_URL",
    });
  });

  it("is that of .env, under whatever name", () => {
    const files = { ".env": "# ours\nSENTRY=https://x\nPG_ADDRESS='postgresql://host/app#1'\n" };
    expect(detect({ files }).database).toMatchObject({
      engine: "postgres",
      isSet: true,
      url: "postgresql://host/app#1",
      variable: "PG_ADDRESS",
    });
  });

  it("is known of, and not set, where the command line will not look", () => {
    const files = { ".env.local": "DATABASE_URL=postgres://host/app" };
    expect(detect({ files }).database).toMatchObject({ engine: "postgres", isSet: false });
  });

  it.each([
    ["prisma.config.ts", 'datasource: { url: env("PRISMA_URL") }'],
    ["prisma.config.ts", 'datasource: { url: env<Env>("PRISMA_URL") }'],
    ["prisma/schema.prisma", 'datasource db {\n  provider = "mysql"\n  url = env("PRISMA_URL")\n}'],
    ["drizzle.config.ts", 'export default { dbCredentials: { url: process.env["PRISMA_URL"]! } }'],
    ["drizzle.config.mjs", "export default { dbCredentials: { url: process.env.PRISMA_URL } }"],
  ])("is under the name that %s says: %s", (path, text) => {
    const facts = detect({ files: { [path]: text }, manifest: dependOn("@prisma/client") });
    expect(facts.database.variable).toBe("PRISMA_URL");
  });

  it("has the engine of Prisma's provider, of Drizzle's dialect, or of what is installed", () => {
    const schema = 'datasource db {\n  provider = "mysql"\n}';
    const prisma = { files: { "schema.prisma": schema }, manifest: dependOn("@prisma/client") };
    expect(detect(prisma).database.engine).toBe("mysql");
    const config = 'export default { dialect: "postgresql" }';
    expect(detect({ files: { "drizzle.config.ts": config } }).database.engine).toBe("postgres");
    expect(detect({ manifest: dependOn("mariadb") }).database.engine).toBe("mysql");
    expect(detect({}).database.engine).toBeUndefined();
  });
});

describe("the stack", () => {
  it.each([
    ["express", "express", "none"],
    ["next", "next", "none"],
    ["@nestjs/core,express", "nest", "none"],
    ["hono,drizzle-orm", "hono", "drizzle"],
    ["fastify,prisma", "fastify", "prisma"],
    ["koa,typeorm", "koa", "typeorm"],
    ["kysely", "node", "kysely"],
  ])("of %s is %s with %s", (names, framework, orm) => {
    const facts = detect({ manifest: dependOn(...names.split(",")) });
    expect(facts).toMatchObject({ framework, orm });
  });

  it("may be what setup writes nothing for", () => {
    const facts = detect({ manifest: dependOn("elysia", "@mikro-orm/core") });
    expect(facts).toMatchObject({
      framework: "none",
      orm: "none",
      otherFramework: "elysia",
      otherOrm: "mikro-orm",
    });
  });

  it.each([
    ["pnpm-lock.yaml", {}, "pnpm"],
    ["yarn.lock", {}, "yarn"],
    ["bun.lock", {}, "bun"],
    ["package-lock.json", { packageManager: "pnpm@10.1.0" }, "pnpm"],
    ["README.md", {}, "npm"],
  ])("with %s and %j is installed by %s", (file, manifest, packageManager) => {
    expect(detect({ files: { [file]: "" }, manifest }).packageManager).toBe(packageManager);
  });
});

describe("the language", () => {
  it.each([
    ['{ "compilerOptions": { "module": "NodeNext", "outDir": "dist" } }', ".js", true],
    ['{ "compilerOptions": { "moduleResolution": "bundler", "noEmit": true } }', "", false],
    ['{ "compilerOptions": { "allowImportingTsExtensions": true } }', ".ts", false],
    // Comments and trailing commas are allowed, and a path in a string is no comment.
    [
      '{ /* a */ "compilerOptions": { "module": "node16", // b\n "outDir": "./out", }, "include": ["**/*.ts"] }',
      ".js",
      true,
    ],
  ])("of %s imports with %j", (tsconfig, importEnding, isCompiled) => {
    const { language } = detect({ files: { "src/a.ts": "", "tsconfig.json": tsconfig } });
    expect(language).toMatchObject({ importEnding, isCompiled, isTypescript: true });
  });

  it("follows the imports that are there", () => {
    const files = {
      "src/server.ts": 'import a from "./a.js";\nconst app = express();\n',
      "tsconfig.json": '{ "compilerOptions": { "moduleResolution": "bundler" } }',
    };
    expect(detect({ files, manifest: dependOn("express") }).language.importEnding).toBe(".js");
  });

  it("is JavaScript without any sign of TypeScript, in modules of the one kind or the other", () => {
    expect(detect({ manifest: { type: "module" } }).language.fileEnding).toBe(".js");
    expect(detect({}).language).toMatchObject({ fileEnding: ".mjs", isModule: false });
  });
});

describe("the entry", () => {
  it("is the file that makes the application, once", () => {
    const files = {
      "src/a.ts": "// const app = express();\n",
      "src/b.ts": "const one = express();\nconst two = express();\n",
      "src/c.ts": "const app = express();\n",
      "src/c.test.ts": "const app = express();\n",
    };
    expect(detect({ files, manifest: dependOn("express") }).entry).toBe("src/c.ts");
  });

  it("is the one that the scripts start, among several", () => {
    const files = { "src/a.ts": "const app = express();", "src/main.ts": "const app = express();" };
    const manifest = { ...dependOn("express"), scripts: { start: "node dist/main.js" } };
    expect(detect({ files, manifest }).entry).toBe("src/main.ts");
  });
});

it("needs a package.json that can be read", () => {
  expect(() => detectProject(memoryFiles({}), {})).toThrow("There is no package.json");
  expect(() => detectProject(memoryFiles({ "package.json": "{ a" }), {})).toThrow(
    "is not a JSON object",
  );
});
