import { afterAll, beforeAll } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../support/database.ts";
import { createWorkspace, type Workspace, writeMigrations } from "./workspace.ts";

/** What the commands of a test file work on: three tenants, each with one post. */
export interface EveryTenantWorld {
  readonly url: string;
  readonly workspace: Workspace;
}

/** Makes it before the tests of a file, and removes it after them. */
export function everyTenantWorld(): { readonly current: EveryTenantWorld } {
  let database: TestDatabase | undefined;
  let world: EveryTenantWorld | undefined;
  beforeAll(async () => {
    database = await createTestDatabase();
    const workspace = createWorkspace(database.url);
    world = { url: database.url, workspace };
    writeMigrations(workspace, 2);
    await workspace.run("migrate", "--global");
    for (const slug of ["acme", "globex", "initech"]) await workspace.run("create", slug);
    const insert = "insert into posts (id, title) select 1, current_schema()";
    const { code, stderr } = await workspace.run("sql", insert, "--all", "--write", "--yes");
    if (code !== 0) throw new Error(stderr);
  });
  afterAll(async () => {
    world?.workspace.remove();
    await database?.drop();
  });
  return {
    get current() {
      if (world === undefined) throw new Error("The world is not made yet.");
      return world;
    },
  };
}
