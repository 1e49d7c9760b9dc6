import pg from "pg";
import { loadPeer, type Peer } from "./peer.ts";

/** The part of the package that is used here. */
interface UmzugModule {
  readonly Umzug: new (options: Readonly<Record<string, unknown>>) => { up(): Promise<unknown> };
}

/** One connection for all; for each schema an instance with a storage that keeps its table there. */
export const umzugPeer: Peer = {
  connectsPerTenant: false,
  figure: "Umzug",
  name: "umzug",
  prepare: async (migrations) => {
    const { Umzug } = await loadPeer<UmzugModule>("umzug");
    const all = migrations.map(({ name, statements, version }) => ({
      name: `${version}_${name}`,
      up: ({ context }: { readonly context: pg.Client }) =>
        context.query(statements("").join("\n")),
    }));
    return {
      close: async () => undefined,
      migrate: async (connectionString, schemas, { create = false } = {}) => {
        const client = new pg.Client({ connectionString });
        await client.connect();
        try {
          for (const schema of schemas) {
            if (create) await client.query(`create schema ${schema}`);
            await client.query(`set search_path = ${schema}`);
            const storage = storageOn(client);
            await new Umzug({ context: client, logger: undefined, migrations: all, storage }).up();
          }
        } finally {
          await client.end();
        }
      },
    };
  },
};

interface Storage {
  executed(): Promise<string[]>;
  logMigration(about: { readonly name: string }): Promise<void>;
  unlogMigration(about: { readonly name: string }): Promise<void>;
}

/** A storage as its documentation describes one of your own. */
function storageOn(client: pg.Client): Storage {
  return {
    executed: async () => {
      await client.query("create table if not exists umzug_migrations (name text primary key)");
      const { rows } = await client.query<{ name: string }>("select name from umzug_migrations");
      return rows.map(({ name }) => name);
    },
    logMigration: async ({ name }) => {
      await client.query("insert into umzug_migrations (name) values ($1)", [name]);
    },
    unlogMigration: async ({ name }) => {
      await client.query("delete from umzug_migrations where name = $1", [name]);
    },
  };
}
