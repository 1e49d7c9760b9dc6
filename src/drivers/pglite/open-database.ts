import type { PGlite, PGliteOptions } from "@electric-sql/pglite";
import { TenancyError } from "../../errors/tenancy-error.ts";
import { lockFolder } from "./folder-lock.ts";
import { codeOf } from "./results.ts";
import type { OpenDatabase } from "./scoped-database.ts";

/** Options of the PGlite driver: PGlite's own, or a database that is open already. */
export interface PgliteOptions extends PGliteOptions {
  /**
   * An open database, in place of all other options. It is closed with the tenancy; until then, what
   * is sent to it directly runs in no scope, and finds no tables by their bare names.
   */
  readonly db?: PGlite;
}

/**
 * Opens an embedded database.
 *
 * @throws TenancyError `UNSUPPORTED_DRIVER` without the package, `DATABASE_UNAVAILABLE` when its
 *   folder is open already
 */
export async function openDatabase({ db, ...options }: PgliteOptions): Promise<OpenDatabase> {
  if (db !== undefined) return { close: () => closeOnce(db), database: db };
  const Database = await loadPeer();
  // A file system of the application's own has its own ways.
  const unlock = await lockFolder(options.fs === undefined ? options.dataDir : undefined);
  try {
    const database = await Database.create(options);
    const close = async (): Promise<void> => {
      try {
        await closeOnce(database);
      } finally {
        await unlock();
      }
    };
    return { close, database };
  } catch (error) {
    await unlock();
    throw error;
  }
}

/** Closes a database, unless somebody else has. */
export async function closeOnce(database: PGlite): Promise<void> {
  if (!database.closed) await database.close();
}

async function loadPeer(): Promise<typeof PGlite> {
  try {
    return (await import("@electric-sql/pglite")).PGlite;
  } catch (error) {
    if (codeOf(error) !== "ERR_MODULE_NOT_FOUND") throw error;
    throw new TenancyError(
      "UNSUPPORTED_DRIVER",
      "The package `@electric-sql/pglite` is not installed.",
      { cause: error, remedy: "Run `npm install @electric-sql/pglite`." },
    );
  }
}
