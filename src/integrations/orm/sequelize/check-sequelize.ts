import type { Tenancy } from "../../../core/tenancy.ts";
import { TenancyError } from "../../../errors/tenancy-error.ts";
import type { SequelizeInternals } from "./peer.ts";

/** Major version of Sequelize that is supported. */
const MAJOR = 6;

/** What a pool of the driver of each dialect has. */
const DIALECTS: Readonly<Record<string, { readonly driver: string; readonly method: string }>> = {
  mysql: { driver: "mysql2", method: "promise" },
  postgres: { driver: "pg", method: "connect" },
};

/** Returns an application's Sequelize. @throws TenancyError `INVALID_CONFIG`, `UNSUPPORTED_PEER` */
export function checkSequelize(made: unknown, tenancy: Tenancy): SequelizeInternals {
  const sequelize = made as SequelizeInternals | undefined;
  const { version } = (sequelize?.constructor ?? {}) as { readonly version?: unknown };
  if (typeof sequelize?.getDialect !== "function" || typeof version !== "string") {
    throw refusal("The function given to `tenantSequelize` returned no `Sequelize`.");
  }
  if (Number.parseInt(version, 10) !== MAJOR) {
    throw new TenancyError("UNSUPPORTED_PEER", `Sequelize ${version} is not supported.`, {
      remedy: `Install \`sequelize\` ${MAJOR}.`,
    });
  }
  checkDialect(sequelize.getDialect(), tenancy);
  checkParts(sequelize, version);
  for (const [isThere, what] of bypasses(sequelize)) {
    if (isThere) throw refusal(`A Sequelize over a tenancy has no ${what}`);
  }
  return sequelize;
}

function checkDialect(name: string, tenancy: Tenancy): void {
  const dialect = DIALECTS[name];
  const pool = tenancy.pool as Readonly<Record<string, unknown>>;
  if (dialect === undefined || typeof pool[dialect.method] !== "function") {
    const known = "`postgres` over `pg`, and `mysql` over `mysql2`";
    throw refusal(`Sequelize's dialect "${name}" is not that of the tenancy's driver: ${known}.`);
  }
}

/** What is replaced in each Sequelize; where it is not found, something else does its work. */
const REPLACED = {
  connectionManager: [
    "_connect",
    "close",
    "destroyConnection",
    "getConnection",
    "releaseConnection",
  ],
} as const;

/** As {@link REPLACED}, on PostgreSQL alone. */
const REPLACED_ON_POSTGRES = {
  queryGenerator: [
    "describeTableQuery",
    "getForeignKeyReferencesQuery",
    "getForeignKeysQuery",
    "showIndexesQuery",
    "tableExistsQuery",
  ],
  queryInterface: ["dropAllSchemas"],
} as const;

// ISOLATION: what is replaced under a name that nothing calls leaves Sequelize its own connections.
// integration/orm/sequelize/wiring.test.ts
function checkParts(sequelize: SequelizeInternals, version: string): void {
  const { connectionManager, dialect } = sequelize;
  const parts = { ...dialect, connectionManager } as unknown as Record<string, Parts | undefined>;
  const more = sequelize.getDialect() === "postgres" ? REPLACED_ON_POSTGRES : {};
  for (const [part, methods] of Object.entries<readonly string[]>({ ...REPLACED, ...more })) {
    const missing = methods.find((method) => typeof parts[part]?.[method] !== "function");
    if (missing === undefined) continue;
    throw new TenancyError(
      "UNSUPPORTED_PEER",
      `Sequelize ${version} has no \`${part}.${missing}\` to be replaced.`,
      { remedy: "Install a version of `sequelize` that the documentation names." },
    );
  }
}

type Parts = Readonly<Record<string, unknown>>;

/** Each way around the tenancy's connections, or its schemas. */
function bypasses({ config, options }: SequelizeInternals): [isThere: boolean, what: string][] {
  const isFilled = (value: object | null | undefined): boolean =>
    Object.keys(value ?? {}).length > 0;
  return [
    [Boolean(config.replication), "`replication`: connections are the tenancy's driver's."],
    [isFilled(config.pool), "`pool` of its own: its size is an option of the tenancy's driver."],
    [isFilled(config.dialectOptions), "`dialectOptions`: give them to the tenancy's driver."],
    [Boolean(config.native), "`native` client: connections are the tenancy's driver's."],
    // ISOLATION: every model would name it in each statement. integration/orm/sequelize/wiring.test.ts
    [Boolean(options.schema ?? options.define?.schema), "`schema`: it is that of the scope."],
  ];
}

function refusal(fact: string): TenancyError {
  return new TenancyError("INVALID_CONFIG", fact, {
    remedy:
      'Make it so: `() => new Sequelize({ dialect: "postgres" })`, with nothing of connections.',
  });
}
