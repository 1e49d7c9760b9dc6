import type mysql from "mysql2/promise";
import type { RowDataPacket } from "mysql2";
import type { Tenant } from "../../src/core/tenant.ts";
import { backquoted } from "./mysql-world.ts";

/**
 * Names of 50 tenants' databases, without the test's prefix: some that only quoting keeps apart, that
 * would be patterns or placeholders, and a long one.
 */
export const FIFTY_NAMES: readonly string[] = [
  "tenant`1`",
  "tenant; use mysql",
  "tenant%",
  "tenant_",
  "ténant ␀1",
  "t ? :x '\"",
  "x".repeat(49),
  ...Array.from({ length: 43 }, (_, index) => `tenant_${index}`),
];

/** What both client libraries' worlds have. */
interface Watched {
  readonly admin: mysql.Connection;
  readonly database: { readonly name: string };
  readonly tenants: readonly Tenant[];
  readonly user: string;
}

/** Counts the rows that are in another database than their owner's, whoever wrote them. */
export async function countMisplaced(
  { admin, database, tenants }: Watched,
  globalOwner = database.name,
): Promise<number> {
  let count = 0;
  for (const name of [database.name, ...tenants.map(({ schemaName }) => schemaName)]) {
    const [rows] = await admin.query<RowDataPacket[]>(
      `select count(*) as n from ${backquoted(name)}.note where binary owner <> ?`,
      [name === database.name ? globalOwner : name],
    );
    count += Number(rows[0]?.["n"]);
  }
  return count;
}

/** Ends one of the driver's sessions, whatever it does. */
export async function killOne({ admin, user }: Watched): Promise<void> {
  const [rows] = await admin.query<RowDataPacket[]>(
    "select id from information_schema.processlist where user = ? order by rand() limit 1",
    [user],
  );
  // It may have ended by itself meanwhile.
  if (rows[0]) await admin.query(`kill ${rows[0]["id"]}`).catch(() => undefined);
}
