import { hostname, userInfo } from "node:os";
import type { Actor } from "../core/audit.ts";
import { isTenancyError } from "../errors/tenancy-error.ts";
import { parseActor } from "../tenancy/actors.ts";
import { usageError } from "./usage-error.ts";

/** Environment variable that names the person when the command line does not. */
export const ACTOR_VARIABLE: string = "KIRAYEDAR_ACTOR";

/**
 * Returns on whose behalf a command changes something: who is named by `--as` or in the environment, or
 * else the user of this machine.
 *
 * @throws CommanderError for a name that the audit log cannot hold
 */
export function actorOf(named: string | undefined, env: NodeJS.ProcessEnv): Required<Actor> {
  const id = named ?? (env[ACTOR_VARIABLE] || machineUser(env));
  try {
    return parseActor({ id, via: "cli" });
  } catch (error) {
    if (!isTenancyError(error, "INVALID_QUERY")) throw error;
    throw usageError(
      `error: ${named === undefined ? ACTOR_VARIABLE : "--as"} is no name that can be recorded: it has to be 1 to 200 characters on one line.`,
    );
  }
}

/** In a container there may be a number alone, without a name. */
function machineUser(env: NodeJS.ProcessEnv): string {
  const user = `${userName(env)}@${hostname()}`;
  return user
    .replaceAll(/[\p{Cc}\p{Cs}]/gu, "")
    .trim()
    .slice(0, 200);
}

function userName(env: NodeJS.ProcessEnv): string {
  try {
    return userInfo().username;
  } catch {
    return env["USER"] ?? env["USERNAME"] ?? `uid-${process.getuid?.() ?? "unknown"}`;
  }
}
