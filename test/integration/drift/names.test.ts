import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Migration } from "../../../src/core/migrator.ts";
import { describeEngines, inWords, MYSQL2, POSTGRES } from "../../support/engines.ts";
import { createWorld, type World } from "../lifecycle/world.ts";
import { RICH } from "./rich-migrations.ts";

describeEngines(
  "a schema of another name",
  (engine) => {
    /** Names its own schema in a function and in a view, as a template would. */
    const named: Migration = {
      name: "named",
      up: async (db) => {
        const { schemaName } = db;
        const quoted = inWords(engine, {
          mysql: `\`${schemaName.replaceAll("`", "``")}\``,
          postgres: `"${schemaName.replaceAll('"', '""')}"`,
        });
        await db.script(
          inWords(engine, {
            mysql: `create function seen_count() returns int reads sql data return (select count(*) from ${quoted}.seen);
              create view all_seen as select seen.id, ${quoted}.twice(seen.id) as two from ${quoted}.seen`,
            postgres: `create function seen_count() returns bigint language sql set search_path = ${quoted}, pg_temp as 'select count(*) from ${quoted.replaceAll("'", "''")}.seen';
              create view all_seen as select seen.id from ${quoted}.seen`,
          }),
        );
      },
      version: "20260105000001",
    };
    let world: World;

    beforeAll(async () => {
      const tenant = [RICH[engine.family], named];
      world = await createWorld({ migrations: { global: [], tenant } }, engine);
    });

    afterAll(() => world.close());

    /** Returns what is wrong with a schema of this name. */
    async function compare(schemaName: string): Promise<readonly unknown[]> {
      await world.tenancy.create("odd", { schemaName });
      try {
        const { failed, groups } = await world.tenancy.diff();
        return [...failed, ...groups.flatMap(({ differences }) => differences)];
      } finally {
        await world.tenancy.drop("odd");
      }
    }

    // Words that are in the schema, too: as names of tables, columns, types and in bodies.
    it.each(["author", "seen", "names", "count", "id", "mood", "text", "select", "x"])(
      "is the same if it is called %s",
      async (word) => {
        // On MySQL nobody else on the server may have a database of such a name.
        const name = engine.family === "postgres" ? word : `${world.schema("")}${word}`;
        expect(await compare(name)).toEqual([]);
      },
    );

    it("is the same under any name", { timeout: 120_000 }, async () => {
      const pieces = [
        "a",
        "Z",
        "_",
        "$",
        "é",
        "ß",
        " ",
        '"',
        "`",
        "'",
        "\\",
        ".",
        "%",
        "-",
        "{schema}",
        ";",
      ];
      const names = fc
        .array(fc.constantFrom(...pieces), { maxLength: 12, minLength: 1 })
        .map((parts) => `${world.schema("")}${parts.join("")}z`);
      await fc.assert(
        fc.asyncProperty(names, async (name) => {
          expect(await compare(name)).toEqual([]);
        }),
        { numRuns: 15 },
      );
      const longest = world.schema("").padEnd(inWords(engine, { mysql: 64, postgres: 63 }), "x");
      expect(await compare(longest)).toEqual([]);
    });
  },
  [POSTGRES, MYSQL2],
);
