import type * as pgliteModule from "@electric-sql/pglite";
import type { Driver } from "../../src/core/driver.ts";
import { type Engine, POSTGRES } from "./engines.ts";
import { pglite } from "../../src/drivers/pglite/index.ts";
import { type Peers, peersOf } from "./peers.ts";

/**
 * Makes an engine of embedded databases, one for each test file. Its administrator is the one session
 * that there is, between those who use it.
 */
export function openPgliteEngine(
  peers: Peers,
  driver: (database: pgliteModule.PGlite) => Driver,
): Engine {
  return {
    ...POSTGRES,
    open: async () => {
      const { PGlite: Database } = await peers.load<typeof pgliteModule>("@electric-sql/pglite");
      const database = await Database.create();
      return {
        connect: async () => ({
          end: async () => undefined,
          query: async (text, params) => {
            const { rows } = await database.query(qualify(text), params && [...params]);
            return { rows: rows as never[] };
          },
        }),
        driver: () => driver(database),
        drop: async () => undefined,
        globalSchema: "public",
        name: "postgres",
        schemas: async () => [],
        tenantPrefix: "tenant_",
        url: "postgres://embedded",
      };
    },
  };
}

/** The session's search path is empty once the driver has it: bare names of tables are `public`'s. */
function qualify(text: string): string {
  return text.replace(/\b(create table|references) (?=\w+ \()/g, "$1 public.");
}

/** PGlite, as it is installed. */
export const PGLITE: Engine = openPgliteEngine(peersOf("newest"), (db) => pglite({ db }));
