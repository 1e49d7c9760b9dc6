import { describe, expect, it } from "vitest";
import type { GivenAnswers } from "../../../../src/cli/setup/ask.ts";
import { nextSteps } from "../../../../src/cli/setup/next-steps.ts";
import { planApplication, type Texts } from "./plan-application.ts";

const manifest = (...names: string[]): string =>
  JSON.stringify({ dependencies: Object.fromEntries(names.map((name) => [name, "1"])) });

/** What setup does in an application, as a person sees it. */
async function look(
  texts: Texts,
  given?: GivenAnswers,
): Promise<{
  readonly byHand: string;
  readonly files: Readonly<Record<string, string>>;
  readonly language: object;
  readonly steps: string;
}> {
  const { context, plan } = await planApplication({ "package.json": "{}", ...texts }, given);
  const written = plan.files.filter(({ action }) => action !== "keep");
  return {
    byHand: plan.byHand.map(({ text, what }) => `${what}\n${text}`).join("\n"),
    files: Object.fromEntries(written.map(({ after, path }) => [path, after])),
    language: context.facts.language,
    steps: nextSteps(context, plan)
      .map(({ command, what }) => `${what} ${command ?? ""}`)
      .join("\n"),
  };
}

describe("a table that the application has", () => {
  it.each([
    ["prisma/user.prisma", "model User {\n  id Int @id\n}\n", "User"],
    ["prisma/user.prisma", 'model Person {\n  @@map("users")\n}\n', "User"],
    ["src/schema.ts", 'export const people = pgTable(\n  "people", {});', "Person"],
    ["src/person.entity.ts", "@Entity({ name: 'people' })\nclass Person {}", "person"],
  ])("in %s, as %j, is not made the table of tenants", async (path, text, tenantName) => {
    const texts = { [path]: text, "package.json": manifest("@prisma/client") };
    await expect(look(texts, { tenantName })).rejects.toThrow(`${path} has`);
    await expect(look(texts, { tenantName: "Clinic" })).resolves.toBeDefined();
  });

  it("is refused as the default, too, and taken where it is one of tenants", async () => {
    const own = 'pgTable("tenants", { schemaName: text("schema_name") })';
    await expect(look({ "src/a.ts": 'pgTable("tenants", {})' })).rejects.toThrow("src/a.ts has");
    await expect(look({ "src/a.ts": own })).resolves.toBeDefined();
  });
});

describe("a registry that is there", () => {
  it("gets no migration that would make it again", async () => {
    const { files } = await look({ "kirayedar.config.mjs": "export default { mine: true };\n" });
    expect(Object.keys(files).filter((path) => path.startsWith("migrations/global"))).toEqual([]);
  });

  it("does not get another name beside the one that it has", async () => {
    const texts = { "migrations/global/000000000000000_create_tenants.sql": "" };
    await expect(look(texts, { tenantName: "Clinic" })).rejects.toThrow("has another name");
  });
});

describe("Prisma's schema", () => {
  const generator = 'generator client {\n  output = "../src/generated"\n}\n';

  it.each([
    ['schema: path.join("database", "models")', "database/models/main.prisma"],
    ["schema: 'database'", "database/main.prisma"],
    ["", "prisma/schema/main.prisma"],
  ])("in several files, with %j, gets models that none of them has", async (config, path) => {
    const folder = path.replace("/main.prisma", "");
    const { files } = await look({
      "package.json": manifest("@prisma/client", "pg"),
      "prisma.config.ts": `export default defineConfig({ ${config} });`,
      [`${folder}/a.prisma`]: 'model Note {\n  id Int @id\n\n  @@map("note")\n}\n',
      [path]: generator,
    });
    expect(files[path]).toContain("model Tenant {");
    expect(files[path]).not.toContain("model Note {");
  });
});

describe("Next", () => {
  const next = { "package.json": manifest("next"), "tsconfig.json": "{}" };

  it("looks beside app, even where there is a src", async () => {
    const { files } = await look({ ...next, "app/page.tsx": "", "src/lib/x.ts": "" });
    expect(Object.keys(files)).toContain("proxy.ts");
    expect(Object.keys(files)).not.toContain("src/proxy.ts");
  });

  it("has no second file that runs before requests", async () => {
    const { byHand, files } = await look({ ...next, "middleware.ts": "", "pages/a.tsx": "" });
    expect(Object.keys(files)).not.toContain("proxy.ts");
    expect(byHand).toContain("In middleware.ts, which is yours, and is called proxy in Next 16");
  });
});

describe("the address in .env", () => {
  const address = async (databaseUrl: string, env?: string): Promise<string> =>
    (await look(env === undefined ? {} : { ".env": env }, { databaseUrl })).files[".env"] ?? "";

  it("is written so that shells, Node.js and Next read the same", async () => {
    expect(await address(`postgres://u:p$a'"s\`@h/db`)).toContain(
      "DATABASE_URL=postgres://u:p%24a%27%22s%60@h/db\n",
    );
    expect(await address("postgres://u:p@[::1]/db")).toContain(
      "DATABASE_URL='postgres://u:p@[::1]/db'\n",
    );
  });

  it("fills in a name without a value, and changes no other line", async () => {
    const before = "# ours\r\n\r\nDATABASE_URL=\r\nOTHER=1\r\n";
    const after = "# ours\r\n\r\nDATABASE_URL=postgres://h/db\r\nOTHER=1\r\n";
    expect(await address("postgres://h/db", before)).toBe(after);
  });

  it("is to be kept out of the repository", async () => {
    const given = { databaseUrl: "postgres://u:p@h/db" };
    expect((await look({}, given)).steps).toContain("Put .env into .gitignore");
    expect((await look({ ".gitignore": "/node_modules\n.env*\n" }, given)).steps).not.toContain(
      ".gitignore",
    );
    const workspace = { "../.git/HEAD": "", "../.gitignore": "**/.env\r\n" };
    expect((await look(workspace, given)).steps).not.toContain(".gitignore");
  });

  it("is none for PGlite, which has a folder", async () => {
    const given = { databaseUrl: "postgres://h/db", driver: "pglite" };
    await expect(look({}, given)).rejects.toThrow("PGlite keeps its data in a folder");
  });
});

describe("a package of a workspace", () => {
  it("is installed by what the repository is", async () => {
    const lock = { "../../.git/HEAD": "", "../../pnpm-lock.yaml": "" };
    expect((await look(lock)).steps).toContain("pnpm run tenants:migrate");
    // What is above an application without a repository is none of its business.
    expect((await look({ "../yarn.lock": "" })).steps).toContain("npm run tenants:migrate");
  });

  it("is compiled as the configurations say that its own extends", async () => {
    const { language } = await look({
      "../../node_modules/@acme/tsconfig/base.json": '{ "compilerOptions": { "outDir": "dist" } }',
      "../../tsconfig.base.json":
        '{ "extends": ["@acme/tsconfig/base.json"], "compilerOptions": { "module": "NodeNext" } }',
      "tsconfig.json": '{ "extends": "../../tsconfig.base" }',
    });
    expect(language).toMatchObject({ importEnding: ".js", isCompiled: true });
  });
});

it("shows lines to put in as the application's modules are written", async () => {
  const { byHand } = await look({ "package.json": manifest("fastify") }, { admin: true });
  expect(byHand).toContain('const { tenantPlugin } = require("kirayedar/fastify");');
  expect(byHand).toContain('const { toFastifyPlugin } = require("kirayedar/admin");');
  expect(byHand).not.toContain("import {");
});

it("does not stumble over a package.json with nothing where something should be", async () => {
  const broken = '{ "scripts": null, "dependencies": null, "main": null }';
  await expect(look({ "package.json": broken })).resolves.toBeDefined();
  await expect(look({ "package.json": "[]" })).rejects.toThrow("is not a JSON object");
});

it("says where the admin pages belong in a framework that it does not know", async () => {
  const { steps } = await look({}, { admin: true, framework: "none" });
  expect(steps).toContain("Mount the admin pages of tenancy/admin.mjs below /admin");
});
