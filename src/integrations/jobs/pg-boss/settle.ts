import { TenancyError } from "../../../errors/tenancy-error.ts";
import type { BossDb } from "./types.ts";

/** What pg-boss has no function for: how often a job that is being handled is tried again, and when. */
export interface Settling {
  /** Lets jobs that are being handled fail for good. */
  giveUp(name: string, ids: readonly string[]): Promise<void>;
  /** Gives jobs that are being handled back, for later; this was no attempt. */
  postpone(name: string, ids: readonly string[], delayMs: number): Promise<void>;
  /** Gives jobs that are about to fail the attempt back that this costs. */
  spare(name: string, ids: readonly string[]): Promise<void>;
}

// As pg-boss has it: outside of quotes, or with them in the name.
const SCHEMA = /^(?:[A-Za-z_][\w]*|"[^"]+")$/;

/**
 * Makes what changes jobs in pg-boss's own table, and checks that it is there.
 *
 * @throws TenancyError `INVALID_CONFIG`
 */
export async function createSettling(db: BossDb, schema: string): Promise<Settling> {
  if (!SCHEMA.test(schema)) {
    throw new TenancyError("INVALID_CONFIG", "The option `schema` is not the name of a schema.");
  }
  const where = "where name = $1 and id = any($2::uuid[]) and state = 'active'";
  const change = async (set: string, values: unknown[]): Promise<void> => {
    await db.executeSql(`update ${schema}.job set ${set} ${where}`, values);
  };
  try {
    await db.executeSql(
      `select retry_limit, retry_count, start_after, started_on from ${schema}.job limit 0`,
    );
  } catch (cause) {
    throw new TenancyError("INVALID_CONFIG", `pg-boss has no table "job" in ${schema}.`, {
      cause,
      remedy: "Start pg-boss before `work`, and pass `schema` if it has one of its own.",
    });
  }
  return {
    giveUp: (name, ids) => change("retry_limit = retry_count", [name, ids]),
    postpone: (name, ids, delayMs) =>
      // Without `started_on` the next attempt is counted as the same one.
      change(
        "state = 'retry', started_on = null, start_after = now() + $3 * interval '1 millisecond'",
        [name, ids, delayMs],
      ),
    spare: (name, ids) => change("retry_limit = retry_limit + 1", [name, ids]),
  };
}
