import knex from "knex";
import * as kysely from "kysely";
import * as typeorm from "typeorm";
import { expect, it } from "vitest";
import { knexFolder, kyselyFolder, typeormFolder } from "../../../src/migrate/folders/index.ts";

it("takes the packages as an application imports them, without a cast", () => {
  const plugins = [new kysely.CamelCasePlugin()];
  const folders = [
    knexFolder("migrations", { knex }),
    kyselyFolder("migrations", { kysely, plugins }),
    typeormFolder("migrations", { typeorm }),
  ];
  expect(folders.map(({ tool }) => tool)).toEqual(["knex", "kysely", "typeorm"]);
});
