import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import pg from "pg";
import { createTestDatabase, type TestDatabase } from "../../support/database.ts";

const fixtures = fileURLToPath(new URL("fixtures/", import.meta.url));
const root = fileURLToPath(new URL("../../../", import.meta.url));

/** How each runner runs some files of its folder, in several processes. */
const RUNNERS: Readonly<Record<string, (files: readonly string[]) => string[]>> = {
  jest: (files) => [
    "--experimental-vm-modules",
    `${root}node_modules/jest/bin/jest.js`,
    "--config",
    `${fixtures}jest/jest.config.json`,
    "--no-cache",
    ...files,
  ],
  node: (files) => ["--test", ...files.map((file) => `${fixtures}node/${file}.check.mjs`)],
  vitest: (files) => [`${root}node_modules/vitest/vitest.mjs`, "run", ...files],
};

/** How each of them says that one test has failed, and no file beside. */
const ONE_FAILED: Readonly<Record<string, RegExp>> = {
  jest: /Test Suites: 1 failed, 2 passed[^]*Tests: +1 failed, [1-9]\d* passed/,
  node: /^ℹ fail 1$/m,
  vitest: /Test Files +1 failed \| 2 passed[^]*Tests +1 failed \| [1-9]\d* passed/,
};

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.drop());

test.each(Object.keys(RUNNERS))(
  "with %s, files at once are apart, and tests are rolled back",
  async (runner) => {
    const { code, output } = await run(runner, ["one", "two", "forgetful"], database);
    expect(output).toContain("TRANSACTION_LEFT_OPEN");
    expect(output).toMatch(ONE_FAILED[runner]!);
    expect(code).not.toBe(0);
    // That of the file which forgets to close it, unless another one has begun since.
    expect((await left(database)).length).toBeLessThan(2);
  },
  60_000,
);

/** Databases that tests have left. */
async function left({ name, url }: TestDatabase): Promise<string[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<{ datname: string }>(
      "select datname from pg_database where starts_with(datname, $1)",
      [`${nameOf(name)}_`],
    );
    return rows.map(({ datname }) => datname);
  } finally {
    await client.end();
  }
}

/** Nobody else's databases begin with it. */
function nameOf(database: string): string {
  return `e${database.replace("test_", "")}`;
}

function run(
  runner: string,
  files: readonly string[],
  database: TestDatabase,
): Promise<{ readonly code: number | null; readonly output: string }> {
  // What this run tells its own workers is not for those.
  const {
    JEST_WORKER_ID: _jest,
    NODE_OPTIONS: _options,
    VITEST_POOL_ID: _vitest,
    ...env
  } = process.env;
  const child = spawn(process.execPath, RUNNERS[runner]!(files), {
    cwd: `${fixtures}${runner}`,
    env: {
      ...env,
      CI: "true",
      DATABASE_URL: database.url,
      NODE_TEST_CONTEXT: undefined,
      NO_COLOR: "1",
      TEST_NAME: nameOf(database.name),
      VITEST: undefined,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  child.stdout.on("data", (text) => (output += String(text)));
  child.stderr.on("data", (text) => (output += String(text)));
  return new Promise((resolve) => {
    child.on("close", (code) => resolve({ code, output }));
  });
}
