/**
 * The `mysql2` driver: tenants are databases of one MySQL or MariaDB server, reached through one pool.
 *
 * @module
 */
import type { Pool } from "mysql2";
import type { Driver } from "../../core/driver.ts";
import { MysqlDriver } from "../mysql/mysql-driver.ts";
import { Mysql2Library } from "./library.ts";
import type { Mysql2Options } from "./options.ts";

export type { Mysql2Options } from "./options.ts";

/**
 * Makes the `mysql2` driver of one tenancy. Connects when it is first used. Its pool is `mysql2`'s own,
 * with callbacks; `pool.promise()` is the one with promises.
 *
 * @throws TenancyError `INVALID_CONFIG`, `UNSUPPORTED_DRIVER`
 * @example
 * createTenancy({ database: mysql2({ uri: process.env.DATABASE_URL }) });
 */
export function mysql2(options: Mysql2Options = {}): Driver<Pool> {
  return make(options);
}

function make(options: Mysql2Options): MysqlDriver<Pool> {
  return new MysqlDriver(new Mysql2Library(options), options, (change) => make(change(options)));
}
