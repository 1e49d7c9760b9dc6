import { importFrom, pathIn, toFileName } from "./file-name.ts";
import type { Generated } from "./generated-file.ts";
import type { ProjectLanguage, TestRunner } from "./project-language.ts";

/** What test, and for what. */
export interface GenerateTestOptions {
  /** What it is called, such as `tenants`. */
  readonly name: string;
  /** What the project is written in. */
  readonly language: Pick<ProjectLanguage, "fileEnding" | "importEnding" | "isTypescript">;
  /** What runs it. */
  readonly runner: TestRunner;
  /** Folder of the file, from the project's. Default `test`. */
  readonly folder?: string | undefined;
  /** Path of the configuration file, from the project's folder. */
  readonly configFile: string;
}

/** Returns a test of the application's tenants. @throws CommanderError for a name that cannot be one */
export function generateTest(options: GenerateTestOptions): Generated {
  const { language, name, runner } = options;
  const file = pathIn(options.folder ?? "test", `${toFileName(name)}.test${language.fileEnding}`);
  return {
    additions: [{ text: COMMANDS[runner](file), where: "shell" }],
    files: [{ file, text: testModule(configPath(options, file), runner, language.isTypescript) }],
  };
}

/** Node.js itself, which runs its own tests, knows files by their very names. */
function configPath({ configFile, language, runner }: GenerateTestOptions, file: string): string {
  const path = importFrom(file, configFile);
  if (!path.endsWith(".ts") || runner === "node") return path;
  return path.slice(0, -3) + language.importEnding;
}

const COMMANDS: Readonly<Record<TestRunner, (file: string) => string>> = {
  jest: (file) => `node --experimental-vm-modules node_modules/jest/bin/jest.js ${file}`,
  node: (file) => `node --test ${file}`,
  vitest: (file) => `npx vitest run ${file}`,
};

/** What differs between runners. */
interface RunnerWords {
  readonly imports: string;
  readonly before: string;
  readonly after: string;
  readonly equal: (actual: string, expected: string) => string;
}

const EXPECT = (actual: string, expected: string): string =>
  `expect(${actual}).toEqual(${expected});`;

const WORDS: Readonly<Record<TestRunner, RunnerWords>> = {
  jest: {
    after: "afterAll",
    before: "beforeAll",
    equal: EXPECT,
    imports:
      'import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "@jest/globals";',
  },
  node: {
    after: "after",
    before: "before",
    equal: (actual, expected) => `assert.deepEqual(${actual}, ${expected});`,
    imports:
      'import assert from "node:assert/strict";\nimport { after, afterEach, before, beforeEach, describe, it } from "node:test";',
  },
  vitest: {
    after: "afterAll",
    before: "beforeAll",
    equal: EXPECT,
    imports:
      'import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";',
  },
};

function testModule(configPath: string, runner: TestRunner, isTypescript: boolean): string {
  const { after, before, equal, imports } = WORDS[runner];
  const type = isTypescript ? "  type TestTenancy,\n" : "";
  return `${imports}
import {
  createTestTenancy,
  expectIsolated,
${type}  useRollback,
  useTestTenant,
} from "kirayedar/testing";
import config from ${JSON.stringify(configPath)};

// In a database of this file's own, with all migrations, which is removed at the end.
let tenancy${isTypescript ? ": TestTenancy" : ""};

${before}(async () => {
  tenancy = await createTestTenancy(config);
});

${after}(async () => {
  await tenancy.close();
});

describe("a tenant", () => {
  const acme = useTestTenant(() => tenancy, { ${after}, ${before} });
  // What a test does is undone after it.
  useRollback(() => tenancy, { afterEach, beforeEach });

  it("is the scope of what is run for it", async () => {
    const slug = await acme.run(() => tenancy.requireTenant().slug);
    ${equal("slug", "acme.slug")}
  });
});

describe("tenants", () => {
  it("see nothing of each other", async () => {
    await expectIsolated(tenancy, async ({ marker }) => {
      // In place of these, write the marker by what your application has, and return what it shows.
      await tenancy.query("create table if not exists example (text varchar(100))");
      await tenancy.query(\`insert into example (text) values ('\${marker}')\`);
      return (await tenancy.query("select text from example")).rows;
    });
  });
});
`;
}
