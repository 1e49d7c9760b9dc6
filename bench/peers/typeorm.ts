import type { FleetMigration } from "../fleet-tables.ts";
import { loadPeer, type Peer, timestampOf } from "./peer.ts";

/** The part of the package that is used here. */
interface TypeormModule {
  readonly DataSource: new (options: Readonly<Record<string, unknown>>) => DataSource;
}

interface DataSource {
  initialize(): Promise<unknown>;
  query(text: string): Promise<unknown>;
  runMigrations(): Promise<unknown>;
  destroy(): Promise<void>;
}

interface QueryRunner {
  readonly connection: { readonly options: { readonly schema: string } };
  query(text: string): Promise<unknown>;
}

/** A data source for each tenant, with its `schema`; migrations name the schema, as nothing else does. */
export const typeormPeer: Peer = {
  connectsPerTenant: true,
  figure: "Typeorm",
  name: "typeorm",
  prepare: async (migrations) => {
    const { DataSource } = await loadPeer<TypeormModule>("typeorm");
    const classes = migrations.map(toClass);
    return {
      close: async () => undefined,
      migrate: async (url, schemas, { create = false } = {}) => {
        for (const schema of schemas) {
          const source = new DataSource({ migrations: classes, schema, type: "postgres", url });
          await source.initialize();
          try {
            if (create) await source.query(`create schema ${schema}`);
            await source.runMigrations();
          } finally {
            await source.destroy();
          }
        }
      },
    };
  },
};

function toClass(migration: FleetMigration): new () => unknown {
  return class {
    // The number at its end is what orders migrations.
    readonly name = `${migration.name}_${timestampOf(migration)}`;

    async up(runner: QueryRunner): Promise<void> {
      const { schema } = runner.connection.options;
      await runner.query(migration.statements(`${schema}.`).join("\n"));
    }

    async down(): Promise<void> {}
  };
}
