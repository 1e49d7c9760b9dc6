import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../support/database.ts";
import { createWorkspace, NODE, type Workspace, writeMigrations } from "./workspace.ts";

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL("../../..", import.meta.url));

let database: TestDatabase;
let workspace: Workspace;

/** Lets the project import this package, from its source, and what it tests with. */
function installPackages(): void {
  const modules = join(workspace.folder, "node_modules");
  mkdirSync(join(modules, "kirayedar"), { recursive: true });
  const exports = { ".": "./src/index.ts", "./testing": "./src/testing/index.ts" };
  workspace.write(
    "node_modules/kirayedar/package.json",
    JSON.stringify({ exports, name: "kirayedar", type: "module" }),
  );
  symlinkSync(join(ROOT, "src"), join(modules, "kirayedar", "src"));
  for (const name of ["@types", "vitest"]) {
    symlinkSync(join(ROOT, "node_modules", name), join(modules, name));
  }
}

const read = (file: string): string => readFileSync(join(workspace.folder, file), "utf8");

/** The configuration, with what a person was told to add. */
const configure = (imports: string, more: string): void => {
  const driver = new URL("../../../src/drivers/pg/index.ts", import.meta.url).href;
  workspace.write(
    "kirayedar.config.mjs",
    `import { pg } from ${JSON.stringify(driver)};
     ${imports}
     export default { database: pg({ connectionString: process.env.CLI_TEST_DATABASE }), ${more} };`,
  );
};

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
      include: ["seeds", "resolvers", "test"],
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
    expect((await workspace.run("generate", "test", "by node", "--runner", "node")).code).toBe(0);
    expect(read("test/by-node.test.ts")).toContain('from "node:test"');
    expect(read("test/by-node.test.ts")).toContain('from "../kirayedar.config.mjs"');
    const jest = await workspace.run(
      "generate",
      "test",
      "jest",
      "--runner",
      "jest",
      "--folder",
      "jest",
    );
    expect(jest.stdout).toContain("npx jest jest/jest.test.ts");
  });

  it("overwrites nothing, and refuses names that no file has", async () => {
    const before = read("seeds/tenant.sql");
    const again = await workspace.run("generate", "seed", "tenant");
    expect(again).toMatchObject({ code: 2, stdout: "" });
    expect(again.stderr).toContain("The file seeds/tenant.sql is there already.");
    expect(read("seeds/tenant.sql")).toBe(before);
    const outside = await workspace.run("generate", "resolver", "../outside");
    expect([outside.code, outside.stderr]).toEqual([
      2,
      expect.stringContaining('"../outside" cannot name a file.'),
    ]);
    expect(existsSync(join(workspace.folder, "outside.ts"))).toBe(false);
  });

  it("makes files that compile", async () => {
    const tsc = join(ROOT, "node_modules", ".bin", "tsc");
    const result = await run(tsc, ["-p", workspace.folder]).catch((error: unknown) => error);
    const output = (result as { stdout: string }).stdout;
    const own = output.split("\n").filter((line) => /^(?:seeds|resolvers|test)\//.test(line));
    expect(own).toEqual([]);
    expect(output).not.toMatch(/TS(?:2307|5\d{3}|18003)/);
  });

  it("makes files that run: the seed, the resolver, and the tests", async () => {
    configure(
      'import { partnerKey } from "./resolvers/partner-key.ts"; import { host } from "kirayedar";',
      'resolvers: [partnerKey(), host()], seed: "seeds/demo-data.ts",',
    );
    for (const args of [
      ["migrate", "--global"],
      ["create", "acme"],
      ["seed", "acme", "--file", "seeds/tenant.sql"],
    ]) {
      const { code, stderr } = await workspace.run(...args);
      expect({ args, code, stderr }).toMatchObject({ args, code: 0 });
    }
    const { PATH, TMPDIR } = process.env;
    const options = {
      cwd: workspace.folder,
      env: { CLI_TEST_DATABASE: database.url, PATH, TMPDIR },
    };
    const byNode = await run(NODE, ["--test", "test/by-node.test.ts"], options);
    expect(byNode.stdout).toMatch(/pass 2\n[^]*fail 0/);
    const vitest = join(ROOT, "node_modules", "vitest", "vitest.mjs");
    const byVitest = await run(NODE, [vitest, "run", "test/tenants.test.ts"], options);
    expect(byVitest.stdout).toMatch(/2 passed/);
  });
});
