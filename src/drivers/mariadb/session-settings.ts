import type { Connection } from "mariadb";
import { PLAIN_OPTIONS, toQueryResult } from "./results.ts";

/** Settings that the client library makes when it connects, and a reset undoes. */
export interface SessionSettings {
  readonly client: string;
  readonly collation: string;
  readonly mode: string;
  readonly results: string | null;
}

/** Reads how a session is set. One round trip. */
export async function readSettings(connection: Connection): Promise<SessionSettings | undefined> {
  const sql =
    "select @@character_set_client as client, @@collation_connection as collation, " +
    "@@character_set_results as results, @@sql_mode as mode";
  const answer = await connection.query<unknown>({ ...PLAIN_OPTIONS, sql });
  return toQueryResult<SessionSettings>(answer).rows[0];
}

/**
 * Sets a session as it was before its reset, after which the server has gone back to its own settings:
 * also of what the library told it with flags, and itself still relies on. One round trip.
 */
export async function restoreSettings(
  connection: Connection,
  { client, collation, mode, results }: SessionSettings,
): Promise<void> {
  const sql =
    "set character_set_client = ?, collation_connection = ?, character_set_results = ?, sql_mode = ?";
  await connection.query({ ...PLAIN_OPTIONS, sql }, [client, collation, results, mode]);
}
