import type { Scope } from "../../../core/scope.ts";
import type {
  AnyMethod,
  AttributeType,
  Connection,
  ModelClass,
  SequelizeInternals,
} from "./peer.ts";

/**
 * Reads arrays of enumerations, each of which is another type in every tenant's schema.
 *
 * Their numbers are asked for once per tenant and version of its schema, and only where a model has such an
 * attribute.
 */
export class EnumArrays {
  readonly #sequelize: SequelizeInternals;
  readonly #known = new Set<string>();
  readonly #oids = new Set<number>();
  readonly #parse: AnyMethod;

  constructor(sequelize: SequelizeInternals) {
    this.#sequelize = sequelize;
    const { types } = sequelize.connectionManager.lib;
    this.#parse = (text: string) => types?.arrayParser.create(text, (entry) => entry).parse();
  }

  /** Returns what reads values of a type, if it is one of them. */
  parserOf(oid: number): AnyMethod | undefined {
    return this.#oids.has(oid) ? this.#parse : undefined;
  }

  /** Asks for the enumerations of a scope that is used for the first time. */
  async learn(connection: Connection, scope: Scope): Promise<void> {
    if (!this.#isNeeded()) return;
    const key = keyOf(scope);
    if (this.#known.has(key)) return;
    const { rows } = (await connection.query(ENUM_TYPES)) as { rows: { typarray: number }[] };
    for (const { typarray } of rows) this.#oids.add(typarray);
    this.#known.add(key);
  }

  #isNeeded(): boolean {
    const models = Object.values(this.#sequelize.models) as ModelClass[];
    return models.some(({ rawAttributes }) =>
      Object.values(rawAttributes).some(({ type }) => isEnumArray(type)),
    );
  }
}

const ENUM_TYPES = `select t.typarray from pg_catalog.pg_type t
join pg_catalog.pg_namespace n on n.oid = t.typnamespace
where t.typtype = 'e' and n.nspname = current_schema()`;

function isEnumArray(type: AttributeType | undefined): boolean {
  return type?.key === "ARRAY" && type.type?.key === "ENUM";
}

function keyOf(scope: Scope): string {
  if (scope.kind === "global") return "global";
  const { id, migrationsDigest, schemaName } = scope.tenant;
  return JSON.stringify([id, schemaName, migrationsDigest]);
}
