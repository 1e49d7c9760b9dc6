import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../support/database.ts";
import { readDocument } from "../../unit/docs/markdown.ts";
import { follow, promisedBy } from "./follow.ts";
import { createProject } from "./project.ts";

const readme = readDocument("README.md");
const project = createProject();
afterAll(() => project.remove());

describe("the program at the top of the README", () => {
  it("prints what its comment says", { timeout: 60_000 }, async () => {
    const [program] = readme.blocks.filter(({ language }) => language === "ts");
    project.write("program.ts", program?.text ?? "");
    expect(await project.node("program.ts")).toBe("acme [ { text: 'hello' } ]\nglobex []\n");
  });
});

describe("the quick start of the README", () => {
  let database: TestDatabase;

  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(() => database.drop());

  it("answers each host as it says", { timeout: 60_000 }, async () => {
    expect(await follow(readme, project, database)).toEqual(promisedBy(readme));
  });
});
