import { afterEach, expect, it } from "vitest";
import {
  createTestDatabase,
  createTestMysqlDatabase,
  describeMysql,
} from "../../support/database.ts";
import { readDocument } from "../../unit/docs/markdown.ts";
import { follow, promisedBy } from "./follow.ts";
import { createProject, type Project } from "./project.ts";

// Those of which every part can be run from the sources as they are: Prisma, Nest and Next have
// tests of their own, of applications that are generated, compiled and built.

const JOURNAL = {
  dialect: "postgresql",
  entries: [{ breakpoints: true, idx: 0, tag: "0000_notes", version: "7", when: 1767225600000 }],
  version: "7",
};

let project: Project | undefined;
afterEach(() => project?.remove());

async function onPostgres(page: string, packages: readonly string[]): Promise<void> {
  const document = readDocument(`docs/quick-start/${page}.md`);
  project = createProject(packages);
  // What drizzle-kit writes; no other page has such a folder.
  project.write("drizzle/meta/_journal.json", JSON.stringify(JOURNAL));
  project.write(
    "drizzle/0000_notes.sql",
    'CREATE TABLE "notes" ("id" serial PRIMARY KEY NOT NULL, "text" text NOT NULL);',
  );
  const database = await createTestDatabase();
  try {
    expect(await follow(document, project, database)).toEqual(promisedBy(document));
  } finally {
    await database.drop();
  }
}

it.each([
  ["node-pg", ["pg"]],
  ["fastify-drizzle", ["pg", "drizzle-orm", "fastify"]],
  ["hono-kysely", ["pg", "kysely", "hono", "@hono/node-server"]],
  ["pglite", ["@electric-sql/pglite"]],
])("the quick start %s gets two tenants to answer", { timeout: 60_000 }, onPostgres);

describeMysql("the quick start mysql-mariadb", () => {
  it("gets two tenants to answer", { timeout: 60_000 }, async () => {
    const document = readDocument("docs/quick-start/mysql-mariadb.md");
    project = createProject(["mysql2"]);
    const { drop, prefix, url } = await createTestMysqlDatabase();
    // Other tests make tenants of these names on the same server.
    const edit = (_name: string, text: string): string =>
      text.replace('primaryDomain: "localhost",', `$&\n  tenantPrefix: "${prefix}",`);
    try {
      expect(await follow(document, project, { edit, url })).toEqual(promisedBy(document));
    } finally {
      await drop();
    }
  });
});
