import { loadPeer, type Peer } from "./peer.ts";

/** The part of the package that is used here. */
interface KnexModule {
  readonly default: (config: Readonly<Record<string, unknown>>) => Knex;
}

interface Knex {
  readonly migrate: { latest(config: Readonly<Record<string, unknown>>): Promise<unknown> };
  raw(text: string): Promise<unknown>;
  destroy(): Promise<void>;
}

interface KnexMigration {
  readonly name: string;
  readonly up: (knex: Knex) => Promise<unknown>;
  readonly down: () => Promise<void>;
}

/** An instance for each tenant, with its `searchPath`, as the instance holds it for its connections. */
export const knexPeer: Peer = {
  connectsPerTenant: true,
  figure: "Knex",
  name: "knex",
  prepare: async (migrations) => {
    const { default: knex } = await loadPeer<KnexModule>("knex");
    const all = migrations.map(({ name, statements, version }) => ({
      down: async () => undefined,
      name: `${version}_${name}`,
      up: (on: Knex) => on.raw(statements("").join("\n")),
    }));
    const migrationSource = {
      getMigration: async (migration: KnexMigration) => migration,
      getMigrationName: ({ name }: KnexMigration) => name,
      getMigrations: async () => all,
    };
    return {
      close: async () => undefined,
      migrate: async (connection, schemas, { create = false } = {}) => {
        for (const schema of schemas) {
          const pool = { max: 1, min: 0 };
          const instance = knex({ client: "pg", connection, pool, searchPath: [schema] });
          try {
            if (create) await instance.raw(`create schema ${schema}`);
            await instance.migrate.latest({ migrationSource });
          } finally {
            await instance.destroy();
          }
        }
      },
    };
  },
};
