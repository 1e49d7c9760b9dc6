import type pgModule from "pg";
import type { PoolConfig } from "pg";
import type { Shell } from "../../core/driver.ts";
import type { ScopePath } from "./search-path.ts";

/** The part of `pg.Client` that says how it would connect. */
interface ConfiguredClient {
  readonly connectionParameters: { readonly options?: string };
  readonly database?: string;
  readonly host?: string;
  readonly password?: string | (() => string | Promise<string>) | null;
  readonly port?: number;
  readonly ssl?: boolean | { readonly rejectUnauthorized?: boolean };
  readonly user?: string;
}

/**
 * Tells how `psql` gets into one schema, over the connection that the driver's options describe.
 *
 * @see https://www.postgresql.org/docs/current/libpq-envars.html
 */
export async function psqlShell(
  pg: typeof pgModule,
  config: PoolConfig,
  { path, tenant }: Pick<ScopePath, "path" | "tenant">,
): Promise<Shell> {
  const client = new pg.Client(config) as unknown as ConfiguredClient;
  const { database, host, password, port, ssl, user } = client;
  const secret = typeof password === "function" ? await password() : password;
  // ISOLATION: with the role's own path, names would mean the global tables. e2e/cli/shell.test.ts
  const options = [client.connectionParameters.options, `-c search_path=${escapeOption(path)}`];
  const given: Record<string, string | undefined> = {
    PGDATABASE: database,
    PGHOST: host,
    PGOPTIONS: options.filter(Boolean).join(" "),
    PGPASSWORD: secret ?? undefined,
    PGPORT: port?.toString(),
    PGSSLMODE: sslModeOf(ssl),
    PGUSER: user,
  };
  return {
    args: [
      `--set=PROMPT1=${tenant ?? "global"}%R%x%# `,
      `--set=PROMPT2=${tenant ?? "global"}%R%x%# `,
    ],
    commands: ["psql"],
    env: {
      ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
      // ISOLATION: both win over the host, and may name another server. e2e/cli/shell.test.ts
      PGHOSTADDR: undefined,
      PGSERVICE: undefined,
    },
  };
}

/** Blanks end an option, unless there is a backslash before them. */
function escapeOption(value: string): string {
  return value.replaceAll(/[\\\s]/g, String.raw`\$&`);
}

/** No less than the driver asks for; what it does not say is left to the environment. */
function sslModeOf(ssl: ConfiguredClient["ssl"]): string | undefined {
  if (ssl === undefined || ssl === false || process.env["PGSSLMODE"] !== undefined)
    return undefined;
  return typeof ssl === "object" && ssl.rejectUnauthorized === false ? "require" : "verify-full";
}
