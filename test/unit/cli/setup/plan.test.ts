import { describe, expect, it } from "vitest";
import { answerAll, type GivenAnswers } from "../../../../src/cli/setup/ask.ts";
import { detectProject } from "../../../../src/cli/setup/detect.ts";
import type { Answers } from "../../../../src/cli/setup/facts.ts";
import type { Plan } from "../../../../src/cli/setup/plan.ts";
import { answersComment, previousAnswers } from "../../../../src/cli/setup/previous.ts";
import { memoryFiles } from "./memory-files.ts";
import { applied, planApplication, type Texts } from "./plan-application.ts";

const EXPRESS: Texts = {
  "package.json":
    '{\n  "dependencies": { "drizzle-orm": "0.45.4", "express": "5", "pg": "8" }\n}\n',
  "src/server.ts": 'import express from "express";\n\nconst app = express();\n',
  "tsconfig.json": '{ "compilerOptions": { "module": "NodeNext", "noEmit": true } }',
};

const plan = async (texts: Texts, given?: GivenAnswers, day?: number): Promise<Plan> =>
  (await planApplication(texts, given, day)).plan;

const actions = ({ files }: Plan): Record<string, string> =>
  Object.fromEntries(files.map(({ action, path }) => [path, action]));

const replaced = (made: Plan): string[] =>
  Object.entries(actions(made)).flatMap(([path, action]) => (action === "replace" ? [path] : []));

describe("a plan", () => {
  it("makes new files, and adds lines to those that are there", async () => {
    expect(actions(await plan(EXPRESS, { tenantName: "Person" }))).toEqual({
      ".env.example": "create",
      "kirayedar.config.ts": "create",
      "migrations/global/000000000000000_create_people.sql": "create",
      "migrations/tenant/20260101000000_create_notes.sql": "create",
      "package.json": "change",
      "src/server.ts": "change",
      "src/tenancy/database.ts": "create",
      "src/tenancy/models.ts": "create",
      "src/tenancy/tenancy.ts": "create",
    });
  });

  it("has nothing to do the second time, whether answers are given again or not", async () => {
    const given = {
      adminHost: "",
      ids: "serial",
      tenantName: 'Customer "Account'.replace('"', ""),
    };
    const texts = applied(EXPRESS, await plan(EXPRESS, given));
    for (const again of [given, {}]) {
      const second = await plan(texts, again, 2);
      expect(new Set(Object.values(actions(second)))).toEqual(new Set(["keep"]));
      expect(second.byHand).toEqual([]);
    }
  });

  it("leaves files alone that were changed since, as long as the answers are the same", async () => {
    const texts = applied(EXPRESS, await plan(EXPRESS));
    const own = { ...texts, "src/tenancy/database.ts": "// mine\n" };
    expect(replaced(await plan(own))).toEqual([]);
  });

  it("would replace what other answers make different, and nothing else", async () => {
    const texts = applied(EXPRESS, await plan(EXPRESS));
    expect(replaced(await plan(texts, { ids: "serial" })).toSorted()).toEqual([
      "kirayedar.config.ts",
      "migrations/global/000000000000000_create_tenants.sql",
      "src/tenancy/models.ts",
    ]);
    expect(replaced(await plan(texts, { primaryDomain: "example.com" }))).toEqual([
      "kirayedar.config.ts",
    ]);
  });

  it("would replace a file of its own name that somebody else has written", async () => {
    const texts = { ...EXPRESS, "src/tenancy/tenancy.ts": "export const tenancy = 1;\n" };
    expect(replaced(await plan(texts))).toEqual(["src/tenancy/tenancy.ts"]);
  });

  it("makes no second configuration beside one of another name", async () => {
    const texts = { ...EXPRESS, "kirayedar.config.mjs": "export default {};\n" };
    const made = await plan(texts);
    expect(replaced(made)).toEqual(["kirayedar.config.mjs"]);
    const tenancy = made.files.find(({ path }) => path === "src/tenancy/tenancy.ts");
    expect(tenancy?.after).toContain('from "../../kirayedar.config.mjs"');
  });

  it("needs no example where there are migrations", async () => {
    const texts = { ...EXPRESS, "migrations/tenant/20250101000000_own.sql": "select 1" };
    expect(Object.keys(actions(await plan(texts)))).not.toContain(
      "migrations/tenant/20260101000000_create_notes.sql",
    );
  });

  it("puts the configuration among the sources where a compiler would move its output", async () => {
    const tsconfig = '{ "compilerOptions": { "module": "NodeNext", "outDir": "dist" } }';
    const compiled = actions(await plan({ ...EXPRESS, "tsconfig.json": tsconfig }));
    expect(compiled).toHaveProperty(["src/kirayedar.config.ts"], "create");
  });

  it("shows the line where its place is not certain", async () => {
    const texts = { ...EXPRESS, "src/server.ts": "const app = express().use(a);\n" };
    const { byHand } = await plan(texts);
    expect(byHand[0]?.text).toBe(
      'import { tenantMiddleware } from "kirayedar/express";\nimport { tenancy } from "./tenancy/tenancy.js";\n\napp.use(tenantMiddleware(tenancy));',
    );
  });

  it("writes an address that was given to .env, and shows a different one before", async () => {
    const given = { databaseUrl: "postgres://me:se%23cret@localhost/app?a=b" };
    const first = await plan({ ...EXPRESS, ".env": "OTHER=1" }, given);
    const env = first.files.find(({ path }) => path === ".env");
    expect(env).toMatchObject({
      action: "change",
      after: `OTHER=1\nDATABASE_URL=${given.databaseUrl}\n# Tenants are below this domain: acme.localhost\nPRIMARY_DOMAIN=localhost\n`,
      isSecret: true,
    });
    const texts = applied(EXPRESS, first);
    expect(replaced(await plan(texts, given))).toEqual([]);
    expect(replaced(await plan(texts, { databaseUrl: "postgres://other/app" }))).toEqual([".env"]);
  });

  it("writes Next's proxy, unless there is one", async () => {
    const next = {
      "package.json": '{ "dependencies": { "next": "16", "pg": "8" } }',
      "src/app/page.tsx": "",
      "tsconfig.json": "{}",
    };
    expect(actions(await plan(next))).toHaveProperty(["src/proxy.ts"], "create");
    const own = await plan({ ...next, "src/proxy.ts": "export const proxy = mine;\n" });
    expect(actions(own)).not.toHaveProperty(["src/proxy.ts"]);
    expect(own.byHand[0]?.what).toContain("src/proxy.ts");
  });
});

describe("the admin pages", () => {
  const server = (made: Plan, path = "src/server.ts"): string =>
    made.files.find((file) => file.path === path)?.after ?? "";

  it("are mounted behind the line of the tenancy, or added later", async () => {
    const first = await plan(EXPRESS, { admin: true });
    expect(actions(first)).toHaveProperty(["src/tenancy/admin.ts"], "create");
    expect(server(first)).toContain(
      'const app = express();\napp.use("/admin", toNodeListener(createConsole(tenancy)));\n',
    );
    expect(server(first)).toContain('import { createConsole } from "./tenancy/admin.js";\n');
    expect(server(first)).toContain("app.use(tenantMiddleware(tenancy));\n");
    expect(server(first).match(/import \{ tenancy \}/g)).toHaveLength(1);
    const second = await plan(applied(EXPRESS, first));
    expect(new Set(Object.values(actions(second)))).toEqual(new Set(["keep"]));

    const without = applied(EXPRESS, await plan(EXPRESS));
    const later = await plan(without, { admin: true });
    expect(server(later)).toContain('app.use("/admin", toNodeListener(createConsole(tenancy)));\n');
    expect(server(later).match(/tenantMiddleware\(tenancy\)/g)).toHaveLength(1);
  });

  it("are mounted where Nest's application is made", async () => {
    const nest = {
      "package.json": '{ "dependencies": { "@nestjs/core": "12", "pg": "8" } }',
      "src/app.module.ts": "@Module({\n  imports: [],\n})\nexport class AppModule {}\n",
      "src/main.ts":
        "const app = await NestFactory.create(AppModule, {\n  a,\n});\nawait app.listen(3000);\n",
      "tsconfig.json": "{}",
    };
    const made = await plan(nest, { admin: true });
    expect(server(made, "src/main.ts")).toContain(
      '});\napp.use("/admin", toNodeListener(createConsole(tenancy)));\nawait app.listen',
    );
    expect(server(made, "src/app.module.ts")).toContain("TenancyModule.forRoot({ tenancy })");
  });

  it("are routes of Next, and lines by hand for node:http", async () => {
    const next = {
      "next.config.ts": "const nextConfig: NextConfig = {};\n",
      "package.json": '{ "dependencies": { "next": "16" } }',
      "tsconfig.json": "{}",
    };
    const made = await plan(next, { admin: true });
    expect(actions(made)).not.toHaveProperty(["next.config.ts"]);
    expect(server(made, "app/admin/[[...path]]/route.ts")).toContain(
      'from "../../../lib/tenancy/admin"',
    );
    const node = { "package.json": "{}", "server.mjs": "createServer(listener);\n" };
    const { byHand } = await plan(node, { admin: true });
    expect(byHand[0]?.text).toContain('import { createConsole } from "./tenancy/admin.mjs";');
  });
});

describe("answers", () => {
  const facts = detectProject(memoryFiles(EXPRESS), {});
  const answer = (given: GivenAnswers): Promise<Answers> =>
    answerAll({ facts, given, previous: {}, takesDefaults: true });

  it("come back from the comment that they were written to", () => {
    const answers: Answers = {
      admin: true,
      adminHost: "",
      databaseUrl: "",
      driver: "mysql2",
      framework: "none",
      ids: "serial",
      orm: "kysely",
      primaryDomain: "example.com",
      tenantName: "Customer Account",
    };
    const { databaseUrl: _address, ...kept } = answers;
    expect(previousAnswers(`${answersComment(answers)}export default {};\n`)).toEqual(kept);
    expect(previousAnswers("export default {};\n")).toBeUndefined();
  });

  it.each([
    [{ tenantName: "1" }, "--tenant-name"],
    [{ primaryDomain: "a b" }, "--primary-domain"],
    [{ primaryDomain: "127.0.0.1" }, "--primary-domain"],
    [{ adminHost: "localhost" }, "--admin-host"],
    [{ driver: "mariadb", orm: "kysely" }, "--driver"],
    [{ databaseUrl: "mysql://host/app", driver: "pg" }, "--database-url"],
    [{ databaseUrl: "localhost:5432" }, "--database-url"],
    [{ orm: "knex" }, "--orm"],
  ])("%j are refused, and the flag is named", async (given, flag) => {
    await expect(answer(given)).rejects.toThrow(flag);
  });

  it("are brought into one form", async () => {
    const given = { adminHost: " Admin.EXAMPLE.com. ", primaryDomain: "Example.com" };
    expect(await answer(given)).toMatchObject({
      adminHost: "admin.example.com",
      primaryDomain: "example.com",
    });
  });

  it("that are missing are listed with their flags where nobody can be asked", async () => {
    const missing = answerAll({
      facts,
      given: { ids: "uuid" },
      previous: {},
      takesDefaults: false,
    });
    await expect(missing).rejects.toMatchObject({ exitCode: 2 });
    await expect(missing).rejects.toThrow(/--tenant-name[\s\S]*--orm[\s\S]*drizzle[\s\S]*--admin/);
    await expect(missing).rejects.not.toThrow("--ids");
  });
});
