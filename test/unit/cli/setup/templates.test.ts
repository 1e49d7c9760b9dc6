import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, it } from "vitest";
import { ORM_DRIVERS } from "../../../../src/cli/setup/facts.ts";
import { applied, planApplication, type Texts } from "./plan-application.ts";

const ROOT = fileURLToPath(new URL("../../../../", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "kirayedar-templates-"));
afterAll(() => rmSync(folder, { force: true, recursive: true }));

/** The server's file of each framework, as it is before. */
const ENTRIES: Readonly<Record<string, Texts>> = {
  express: { "src/server.ts": 'import express from "express";\n\nconst app = express();\n' },
  fastify: { "src/server.ts": 'import fastify from "fastify";\n\nconst app = fastify();\n' },
  hono: { "src/server.ts": 'import { Hono } from "hono";\n\nconst app = new Hono();\n' },
  koa: { "src/server.ts": 'import Koa from "koa";\n\nconst app = new Koa();\n' },
  nest: {
    "src/app.module.ts":
      'import { Module } from "@nestjs/common";\n\n@Module({})\nexport class AppModule {}\n',
    "src/main.ts":
      'import { NestFactory } from "@nestjs/core";\nimport { AppModule } from "./app.module.ts";\n\nconst app = await NestFactory.create(AppModule);\nawait app.listen(3000);\n',
  },
  next: {},
  node: {
    "src/server.ts":
      'import { createServer } from "node:http";\n\ncreateServer((_request, response) => response.end()).listen(0);\n',
  },
};

/** What the client is that Prisma would make; its models are not what is looked at here. */
const PRISMA: Texts = {
  "prisma/schema.prisma":
    'generator client {\n  provider = "prisma-client"\n  output   = "../src/generated"\n}\n',
  "src/generated/client.ts":
    'import type { SqlDriverAdapterFactory } from "@prisma/driver-adapter-utils";\n\nexport declare class PrismaClient {\n  constructor(options: { adapter: SqlDriverAdapterFactory });\n  $disconnect(): Promise<void>;\n  $extends: unknown;\n}\n',
};

/** Names that need care: two words, keywords, those that the templates use, and without a plural. */
const NAMES = ["Customer Account", "group", "class", "text", "Data", "schema", "note"];

it("compile, for every ORM, driver, kind of ids and framework", { timeout: 60_000 }, async () => {
  const frameworks = Object.keys(ENTRIES);
  let count = 0;
  for (const [orm, drivers] of Object.entries(ORM_DRIVERS)) {
    for (const driver of drivers) {
      for (const ids of ["uuid", "serial"]) {
        // Drizzle's two kinds of options, and TypeORM's two kinds of entities.
        for (const isOther of ["drizzle", "typeorm"].includes(orm) ? [false, true] : [false]) {
          const framework = frameworks[count % frameworks.length] ?? "node";
          const tenantName = NAMES[(count * 3 + Math.floor(count / 7)) % NAMES.length] ?? "Tenant";
          const given = { admin: true, driver, framework, ids, orm, tenantName };
          const hasDecorators = orm === "typeorm" && isOther;
          const before = application(framework, orm, orm === "drizzle" && isOther, hasDecorators);
          const { plan } = await planApplication(before, given);
          const isNew = orm === "drizzle" && isOther;
          write(`${count}-${orm}-${driver}-${ids}-${framework}`, applied(before, plan), isNew);
          count += 1;
        }
      }
    }
  }
  expect(count).toBe(36);
  writeProject();
  const compiler = join(ROOT, "node_modules/typescript/bin/tsc");
  const run = spawnSync(process.execPath, [compiler, "--pretty", "false", "-p", folder], {
    cwd: folder,
    encoding: "utf8",
  });
  expect({ errors: run.stdout, status: run.status }).toEqual({ errors: "", status: 0 });
});

function application(
  framework: string,
  orm: string,
  isNew: boolean,
  experimentalDecorators: boolean,
): Texts {
  const names = { nest: "@nestjs/core", node: "none" }[framework] ?? framework;
  const dependencies = { "drizzle-orm": isNew ? "^1.0.0" : "^0.45.0", [names]: "1" };
  return {
    "package.json": JSON.stringify({ dependencies, type: "module" }),
    "tsconfig.json": JSON.stringify({
      compilerOptions: { allowImportingTsExtensions: true, experimentalDecorators, noEmit: true },
    }),
    "src/own.ts": "export {};\n",
    ...ENTRIES[framework],
    ...(orm === "prisma" && PRISMA),
  };
}

function write(name: string, texts: Texts, isNewDrizzle: boolean): void {
  for (const [path, text] of Object.entries(texts)) {
    if (!/\.tsx?$/.test(path)) continue;
    const file = join(folder, name, path);
    mkdirSync(dirname(file), { recursive: true });
    // It is installed beside the older one, under another name.
    const own = isNewDrizzle ? text.replaceAll('"drizzle-orm', '"drizzle-orm-1') : text;
    writeFileSync(file, own);
  }
}

/** The project's own settings, for files that are elsewhere. */
function writeProject(): void {
  const { compilerOptions } = JSON.parse(readFileSync(join(ROOT, "tsconfig.json"), "utf8")) as {
    readonly compilerOptions: { readonly paths: Readonly<Record<string, readonly string[]>> };
  };
  const paths = Object.fromEntries(
    Object.entries(compilerOptions.paths).map(([name, files]) => [
      name,
      files.map((file) => join(ROOT, file)),
    ]),
  );
  const project = {
    compilerOptions: {
      erasableSyntaxOnly: false,
      experimentalDecorators: true,
      module: "ESNext",
      moduleResolution: "bundler",
      paths,
      typeRoots: [join(ROOT, "node_modules/@types")],
    },
    extends: join(ROOT, "tsconfig.json"),
    include: ["**/*.ts"],
  };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(project));
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"), "junction");
}
