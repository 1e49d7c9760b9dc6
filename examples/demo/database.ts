import type { Driver } from "kirayedar";
import { mysql2 } from "kirayedar/mysql2";
import { pg } from "kirayedar/pg";
import { pglite } from "kirayedar/pglite";

/** What the demo says to one kind of database. */
export interface DemoDatabase {
  readonly driver: Driver;
  /** Its migrations, beside this file. */
  readonly migrations: "migrations/postgres" | "migrations/mysql";
  /** A parameter of a statement that has one. */
  readonly parameter: "$1" | "?";
  /** Database of the global scope, where the address names none. */
  readonly globalSchema?: string;
}

/**
 * Chooses the driver by the address: `postgres://…`, `mysql://…` or `mariadb://…`. All else in the
 * demo is the same for each.
 */
export function openDatabase(address: string | undefined, dataDir: string): DemoDatabase {
  const postgres = { migrations: "migrations/postgres", parameter: "$1" } as const;
  if (address === undefined) return { driver: pglite({ dataDir }), ...postgres };
  const { pathname, protocol } = new URL(address);
  switch (protocol) {
    case "postgres:":
    case "postgresql:":
      return { driver: pg({ connectionString: address }), ...postgres };
    case "mysql:":
    case "mariadb:":
      return {
        driver: mysql2({ uri: address.replace(/^mariadb:/, "mysql:") }),
        migrations: "migrations/mysql",
        parameter: "?",
        ...(pathname.length <= 1 && { globalSchema: "kirayedar_demo" }),
      };
    default:
      throw new Error(`DATABASE_URL begins with ${protocol}//: use postgres:// or mysql://.`);
  }
}
