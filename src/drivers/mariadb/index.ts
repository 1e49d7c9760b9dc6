/**
 * The `mariadb` driver: tenants are databases of one MariaDB or MySQL server, reached through one pool
 * of the `mariadb` package.
 *
 * @module
 */
import type { Pool } from "mariadb";
import type { Driver } from "../../core/driver.ts";
import { MysqlDriver } from "../mysql/mysql-driver.ts";
import { MariadbLibrary } from "./mariadb-library.ts";
import { type MariadbOptions, sortOptions } from "./options.ts";

export type { MariadbOptions } from "./options.ts";

/**
 * Makes the `mariadb` driver of one tenancy, from options or an address. Connects when it is first used.
 *
 * @throws TenancyError `INVALID_CONFIG`
 * @example
 * createTenancy({ database: mariadb({ uri: process.env.DATABASE_URL }) });
 */
export function mariadb(options: MariadbOptions | string = {}): Driver<Pool> {
  return make(typeof options === "string" ? { uri: options } : options);
}

function make(options: MariadbOptions): MysqlDriver<Pool> {
  const { config, createPool, own } = sortOptions(options);
  return new MysqlDriver(new MariadbLibrary(config, createPool), own, (change) =>
    make(change(options)),
  );
}
