import { execFile } from "node:child_process";
import { mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { writeGenerated } from "../../../src/cli/generate/generated-file.ts";
import { generateTest } from "../../../src/cli/generate/test.ts";
import { createTestDatabase, type TestDatabase } from "../../support/database.ts";
import { createWorkspace, NODE, type Workspace, writeMigrations } from "./workspace.ts";

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL("../../..", import.meta.url));

let database: TestDatabase;
let workspace: Workspace;

/** Lets the project import this package, as it is built, and what it tests with. */
function installPackages(): void {
  const modules = join(workspace.folder, "node_modules");
  mkdirSync(modules);
  symlinkSync(ROOT, join(modules, "kirayedar"));
  for (const name of ["@jest", "@types", "jest", "vitest"]) {
    symlinkSync(join(ROOT, "node_modules", name), join(modules, name));
  }
}

const read = (file: string): string => readFileSync(join(workspace.folder, file), "utf8");

beforeAll(async () => {
  database = await createTestDatabase();
  workspace = createWorkspace(database.url);
  workspace.write("package.json", '{ "type": "module", "devDependencies": { "vitest": "*" } }');
  workspace.write(
    "tsconfig.json",
    JSON.stringify({
      compilerOptions: {
        allowImportingTsExtensions: true,
        allowJs: true,
        module: "nodenext",
        noEmit: true,
        noUnusedLocals: true,
        noUnusedParameters: true,
        skipLibCheck: true,
        strict: true,
        target: "es2023",
        types: ["node"],
      },
      include: ["jest/*.ts", "node", "resolvers", "seeds", "test"],
    }),
  );
  installPackages();
  writeMigrations(workspace);
});

afterAll(async () => {
  workspace.remove();
  await database.drop();
});

describe("generate", () => {
  it("makes a seed, of SQL or as a module, that new tenants can have", async () => {
    const sql = await workspace.run("generate", "seed");
    expect(sql).toEqual({
      code: 0,
      stderr: "",
      stdout:
        '✓ Made seeds/tenant.sql.\n\nAdd to the configuration:\n  seed: "seeds/tenant.sql",\n',
    });
    expect(await workspace.json("generate", "seed", "Demo Data", "--kind", "ts")).toMatchObject({
      code: 0,
      document: { files: [join(workspace.folder, "seeds/demo-data.ts")] },
    });
    expect(read("seeds/tenant.sql")).toContain("on conflict do nothing;");
  });

  it("makes a resolver that requests are resolved by", async () => {
    const { code, stdout } = await workspace.run("generate", "resolver", "Partner Key");
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: `✓ Made resolvers/partner-key.ts.

Add to the configuration:
  import { partnerKey } from "./resolvers/partner-key.ts";
  import { host } from "kirayedar";
  resolvers: [partnerKey(), host()],
`,
    });
    const { partnerKey } = (await import(join(workspace.folder, "resolvers/partner-key.ts"))) as {
      readonly partnerKey: () => { identify(request: object): unknown; name: string };
    };
    const resolver = partnerKey();
    const seen = [
      { headers: { "x-partner-key": "acme" } },
      { headers: (header: string) => (header === "x-partner-key" ? "acme" : null) },
      { headers: { "x-partner-key": ["acme", "globex"] } },
      { headers: { "x-partner-key": "" } },
      {},
    ].map((request) => resolver.identify(request));
    expect([resolver.name, ...seen]).toEqual([
      "partner-key",
      { kind: "slug", slug: "acme" },
      { kind: "slug", slug: "acme" },
      { kind: "invalid", reason: "the header x-partner-key is there twice" },
      undefined,
      undefined,
    ]);
  });

  it("makes tests for the runner of the project, or another", async () => {
    const vitest = await workspace.run("generate", "test");
    expect(vitest.stdout).toBe(
      "✓ Made test/tenants.test.ts.\n\nRun it:\n  npx vitest run test/tenants.test.ts\n",
    );
    const other = ["by node", "--runner", "node", "--folder", "node"];
    const { stdout } = await workspace.run("generate", "test", ...other);
    expect(stdout).toContain("node --test node/by-node.test.ts");
    const language = { fileEnding: ".mjs", importEnding: ".mjs", isTypescript: false } as const;
    // Jest reads TypeScript only if it is taught to.
    workspace.write(
      "plain.config.mjs",
      `import { pg } from "kirayedar/pg";
       export default { database: pg({ connectionString: process.env.CLI_TEST_DATABASE }) };`,
    );
    const configFile = "plain.config.mjs";
    const jest = { configFile, folder: "jest", language, name: "jest", runner: "jest" } as const;
    writeGenerated(workspace.folder, generateTest(jest).files);
    writeGenerated(
      workspace.folder,
      generateTest({ ...jest, language: { ...language, fileEnding: ".ts", isTypescript: true } })
        .files,
    );
  });

  it("overwrites nothing", async () => {
    const before = read("seeds/tenant.sql");
    const again = await workspace.run("generate", "seed", "tenant");
    expect(again).toMatchObject({ code: 2, stdout: "" });
    expect(again.stderr).toContain("The file seeds/tenant.sql is there already.");
    expect(read("seeds/tenant.sql")).toBe(before);
  });

  it("makes files that compile", async () => {
    const tsc = join(ROOT, "node_modules", ".bin", "tsc");
    await expect(run(tsc, ["-p", workspace.folder])).resolves.toMatchObject({ stdout: "" });
  });

  it("makes files that run: the seed, the resolver, and the tests", async () => {
    workspace.write(
      "kirayedar.config.mjs",
      `import { host } from "kirayedar";
       import { pg } from "kirayedar/pg";
       import { partnerKey } from "./resolvers/partner-key.ts";
       export default {
         database: pg({ connectionString: process.env.CLI_TEST_DATABASE }),
         resolvers: [partnerKey(), host()],
         rootDir: import.meta.dirname,
         seed: "seeds/demo-data.ts",
       };`,
    );
    workspace.write(
      "fill.mjs",
      `import { createTenancy } from "kirayedar";
       import config from "./kirayedar.config.mjs";
       await using tenancy = createTenancy(config);
       await tenancy.migrateGlobal();
       await tenancy.create("acme");
       await tenancy.seed("acme", { file: "seeds/tenant.sql" });
       const request = { headers: { "x-partner-key": "acme" }, host: "app.test" };
       const { kind, tenant } = await tenancy.resolve(request);
       console.log(kind, tenant?.slug);`,
    );
    const { PATH, TMPDIR } = process.env;
    const env = { CLI_TEST_DATABASE: database.url, PATH, TMPDIR };
    const start = async (...args: string[]): Promise<string> => {
      const { stderr, stdout } = await run(NODE, args, { cwd: workspace.folder, env });
      return stdout + stderr;
    };
    const jest = [
      "--experimental-vm-modules",
      join(ROOT, "node_modules/jest/bin/jest.js"),
      "jest/jest.test.mjs",
      "--transform={}",
      "--watchman=false",
    ];
    // That for Vitest differs from that for Jest in one line, which is compiled above.
    expect(await start("fill.mjs")).toBe("tenant acme\n");
    expect(await start("--test", "node/by-node.test.ts")).toMatch(/pass 2\n[^]*fail 0/);
    expect(await start(...jest)).toMatch(/Tests: +2 passed, 2 total/);
  });
});
