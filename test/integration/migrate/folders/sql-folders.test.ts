import { fileURLToPath } from "node:url";
import { afterEach, expect, it } from "vitest";
import type { MigrationFolder } from "../../../../src/core/migration-folder.ts";
import { drizzleFolder, prismaFolder } from "../../../../src/migrate/folders/index.ts";
import { describeEngines, MYSQL2, POSTGRES } from "../../../support/engines.ts";
import { watchSessions } from "../../../support/watched-driver.ts";
import { createWorld, type World } from "../../lifecycle/world.ts";

const fixture = (name: string): string =>
  fileURLToPath(new URL(`fixtures/${name}`, import.meta.url));

interface Folder {
  readonly name: string;
  readonly source: MigrationFolder;
  /** Tables and enums that are only the tenants'. */
  readonly objects: readonly string[];
  readonly versions: number;
}

const FOLDERS: readonly Folder[] = [
  {
    name: "drizzle-kit 0.31",
    objects: ["mood", "posts", "users"],
    source: drizzleFolder(fixture("drizzle")),
    versions: 2,
  },
  {
    name: "drizzle-kit 1.0",
    objects: ["mood", "posts", "users"],
    source: drizzleFolder(fixture("drizzle-folders")),
    versions: 2,
  },
  {
    name: "Prisma",
    objects: ["Mood", "Post", "User"],
    source: prismaFolder(fixture("prisma")),
    versions: 3,
  },
];

describeEngines(
  "SQL folders of other tools",
  (engine) => {
    let world: World;
    afterEach(() => world.close());

    it.each(FOLDERS)(
      "$name: everything is the tenant's own, however it is made",
      async (folder) => {
        const { objects, source, versions } = folder;
        let messages = 0;
        world = await createWorld(
          {
            migrations: { global: [], tenant: source },
            wrap: (driver) =>
              watchSessions(driver, ({ kind }, run) => {
                if (kind === "script") messages += 1;
                return run();
              }),
          },
          engine,
        );
        const { tenancy } = world;
        // Decoys: what is qualified with `public` would be found, or in the way.
        await world.run(`create table if not exists public."${objects[1] ?? ""}" (decoy int)`);
        const [acme, globex] = [
          await tenancy.create("acme"),
          await tenancy.create("globex", { migrate: false }),
        ];
        await tenancy.migrate("globex", { steps: 1 });
        const run = await tenancy.migrateAll();
        expect([run.ok, run.counts.changed, messages]).toEqual([true, 1, 1]);
        for (const { schemaName } of [acme, globex]) {
          const { rows } = await world.admin.query<{ name: string }>(
            "select relname as name from pg_class where relnamespace = $1::regnamespace and relkind = 'r' and relname <> 'kirayedar_migrations' union all select typname from pg_type where typnamespace = $1::regnamespace and typtype = 'e' order by 1",
            [schemaName],
          );
          expect(rows.map(({ name }) => name).toSorted()).toEqual(objects);
          const keys = await world.admin.query<{ to: string }>(
            "select distinct n.nspname as to from pg_constraint c join pg_class r on r.oid = c.confrelid join pg_namespace n on n.oid = r.relnamespace where c.connamespace = $1::regnamespace and c.contype = 'f'",
            [schemaName],
          );
          expect(keys.rows).toEqual([{ to: schemaName }]);
        }
        const columns = await world.admin.query<{ name: string }>(
          "select column_name as name from information_schema.columns where table_schema = 'public' and table_name = $1",
          [objects[1]],
        );
        expect(columns.rows).toEqual([{ name: "decoy" }]);
        const status = await tenancy.migrationStatus("globex");
        expect(status.map(({ state }) => state)).toEqual(
          Array.from({ length: versions }, () => "applied"),
        );
        expect((await tenancy.diff()).groups).toEqual([]);
      },
    );

    it("has no way back where the tool writes none", async () => {
      const source = drizzleFolder(fixture("drizzle"));
      world = await createWorld({ migrations: { global: [], tenant: source } }, engine);
      const { tenancy } = world;
      await tenancy.create("acme");
      await expect(tenancy.rollback("acme")).rejects.toMatchObject({
        code: "MIGRATION_IRREVERSIBLE",
      });
    });
  },
  [POSTGRES],
);

describeEngines(
  "SQL folders of other tools",
  (engine) => {
    it.each([
      {
        name: "drizzle",
        objects: ["posts", "users"],
        source: drizzleFolder(fixture("drizzle-mysql")),
      },
      { name: "prisma", objects: ["Post", "User"], source: prismaFolder(fixture("prisma-mysql")) },
    ])("$name: everything is the tenant's own", async ({ objects, source }) => {
      const world = await createWorld({ migrations: { global: [], tenant: source } }, engine);
      try {
        for (const slug of ["acme", "globex"]) {
          const { schemaName } = await world.tenancy.create(slug);
          const { rows } = await world.admin.query<{ name: string }>(
            "select table_name as name from information_schema.tables where table_schema = ? and table_name not like 'kirayedar%' order by 1",
            [schemaName],
          );
          expect(rows.map(({ name }) => name)).toEqual(objects);
        }
      } finally {
        await world.close();
      }
    });
  },
  [MYSQL2],
);
