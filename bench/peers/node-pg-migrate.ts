import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadPeer, type Peer, timestampOf } from "./peer.ts";

/** The part of the package that is used here. */
interface NodePgMigrate {
  readonly runner: (options: Readonly<Record<string, unknown>>) => Promise<unknown>;
}

/** Its function for programs, once for each schema; it opens a connection in each call. */
export const nodePgMigrate: Peer = {
  connectsPerTenant: true,
  figure: "NodePgMigrate",
  name: "node-pg-migrate",
  prepare: async (migrations) => {
    const { runner } = await loadPeer<NodePgMigrate>("node-pg-migrate");
    const dir = await mkdtemp(join(tmpdir(), "kirayedar-bench-"));
    for (const migration of migrations) {
      const file = join(dir, `${timestampOf(migration)}_${migration.name}.sql`);
      await writeFile(file, `-- Up Migration\n${migration.statements("").join("\n")}\n`);
    }
    return {
      close: () => rm(dir, { force: true, recursive: true }),
      migrate: async (databaseUrl, schemas, { create = false } = {}) => {
        for (const schema of schemas) {
          await runner({
            createSchema: create,
            databaseUrl,
            dir,
            direction: "up",
            log: () => undefined,
            migrationsTable: "pgmigrations",
            schema,
          });
        }
      },
    };
  },
};
