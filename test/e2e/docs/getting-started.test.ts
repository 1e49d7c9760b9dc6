import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../support/database.ts";
import { readDocument } from "../../unit/docs/markdown.ts";
import { commandsOf, createProject, filesOf } from "./project.ts";

const readme = readDocument("README.md");
const page = readDocument("docs/guide/getting-started.md");
const project = createProject();
let database: TestDatabase;

/** Runs a piece of the page's code, and more behind it, where its tenancy is at hand. */
async function runFragment(word: string, more: string): Promise<string> {
  const block = page.blocks.find(({ language, text }) => language === "ts" && text.includes(word));
  const lead = 'import { tenancy } from "./tenancy.ts";\n';
  project.write("fragment.ts", `${lead}${block?.text ?? ""}\n${more}\nawait tenancy.close();\n`);
  return await project.node("--env-file=.env", "fragment.ts");
}

describe("the page about getting started", () => {
  beforeAll(async () => {
    database = await createTestDatabase();
    project.write(".env", `DATABASE_URL=${database.url}\nPRIMARY_DOMAIN=example.com\n`);
    // What the quick start leaves behind.
    const notes = readme.blocks.find(({ language }) => language === "sql");
    project.write("migrations/tenant/20260101120000_create_notes.sql", notes?.text ?? "");
    for (const [name, text] of filesOf(page)) project.write(name, text);
    for (const line of commandsOf(readme, "npx")) await project.npx(line);
    // What the page adds.
    const [, plans = ""] = /`(\d+_create_plans\.sql)`/.exec(page.lines.join("\n")) ?? [];
    const sql = page.blocks.find(({ language }) => language === "sql");
    project.write(`migrations/global/${plans}`, sql?.text ?? "");
    for (const line of commandsOf(page, "npx")) await project.npx(line);
  }, 60_000);
  afterAll(async () => {
    project.remove();
    await database.drop();
  });

  it("reaches the global tables", async () => {
    const printed = await runFragment("const plans", "console.log(plans.rows.length);");
    expect(printed).toBe("2\n");
  });

  it("signs tenants up", async () => {
    const more =
      'for (const slug of ["initech", "acme", "ACME"]) console.log(await signUp(slug, slug));';
    expect(await runFragment("signUp", more)).toBe(
      "https://initech.example.com\nThat name is taken.\nThat name cannot be used.\n",
    );
  });
});
