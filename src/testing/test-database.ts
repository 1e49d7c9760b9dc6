import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type { Driver } from "../core/driver.ts";
import { pglite, type PgliteOptions, type TenantPglite } from "../drivers/pglite/index.ts";

/** Options of `testDatabase`: PGlite's own, without those that say where the data are. */
export type TestDatabaseOptions = Omit<PgliteOptions, "dataDir" | "db" | "fs" | "loadDataDir">;

/**
 * Returns the driver of a PostgreSQL inside the process, empty and in memory, for tests without a
 * server. It opens from a snapshot, which takes a third of the time that a new database takes; the
 * first one makes it, in `node_modules/.cache/kirayedar`.
 *
 * @throws TenancyError `UNSUPPORTED_DRIVER` without the package `@electric-sql/pglite`
 * @example
 * const tenancy = await createTestTenancy({ ...config, database: await testDatabase() });
 */
export async function testDatabase(
  options: TestDatabaseOptions = {},
): Promise<Driver<TenantPglite>> {
  const loadDataDir = await loadSnapshot();
  return pglite({ ...options, ...(loadDataDir !== undefined && { loadDataDir }) });
}

let snapshot: Promise<Blob | undefined> | undefined;

/** One for all databases of a worker. */
function loadSnapshot(): Promise<Blob | undefined> {
  // Whatever is wrong with a cache, there is a way without it.
  snapshot ??= readOrMake().catch(() => undefined);
  return snapshot;
}

async function readOrMake(): Promise<Blob | undefined> {
  const path = await snapshotPath();
  if (path === undefined) return undefined;
  const known = await readFile(path).catch(() => undefined);
  if (known !== undefined) return new Blob([known]);
  const { PGlite } = await import("@electric-sql/pglite");
  const database = await PGlite.create();
  try {
    // Compressed it is a tenth, and takes a third longer to read.
    const made = await database.dumpDataDir("none");
    await keep(path, Buffer.from(await made.arrayBuffer()));
    return made;
  } finally {
    await database.close();
  }
}

/** Other workers may read it at any time, and never half of it. */
async function keep(path: string, bytes: Buffer): Promise<void> {
  const own = `${path}.${process.pid}`;
  await mkdir(dirname(path), { recursive: true });
  await writeFile(own, bytes);
  await rename(own, path);
}

/** In the project, where nobody else may write: what is in it is run. */
async function snapshotPath(): Promise<string | undefined> {
  const require = createRequire(import.meta.url);
  let folder = dirname(require.resolve("@electric-sql/pglite"));
  for (;;) {
    const text = await readFile(join(folder, "package.json"), "utf8").catch(() => undefined);
    const { name, version } = JSON.parse(text ?? "{}") as { name?: string; version?: string };
    if (name === "@electric-sql/pglite") {
      const modules = dirname(dirname(folder));
      return join(modules, ".cache", "kirayedar", `pglite-${version ?? "0"}.tar`);
    }
    if (dirname(folder) === folder) return undefined;
    folder = dirname(folder);
  }
}
