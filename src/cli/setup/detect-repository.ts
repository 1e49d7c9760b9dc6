import type { PackageManager } from "./facts.ts";
import type { Manifest } from "./manifest.ts";
import { type ProjectFiles, repositoryFolders } from "./project-files.ts";

const LOCKS: readonly (readonly [file: string, manager: PackageManager])[] = [
  ["pnpm-lock.yaml", "pnpm"],
  ["yarn.lock", "yarn"],
  ["bun.lock", "bun"],
  ["bun.lockb", "bun"],
  ["package-lock.json", "npm"],
];

/** Returns what installs the packages: as the manifest says, or by the lock file of the repository. */
export function detectPackageManager(files: ProjectFiles, manifest: Manifest): PackageManager {
  const [, named] = /^(bun|npm|pnpm|yarn)@/.exec(manifest.packageManager ?? "") ?? [];
  if (named !== undefined) return named as PackageManager;
  for (const folder of repositoryFolders(files)) {
    const there = new Set(files.list(folder));
    const lock = LOCKS.find(([file]) => there.has(file));
    if (lock !== undefined) return lock[1];
  }
  return "npm";
}

/** Whether a `.gitignore` of the repository names `.env`. */
export function isEnvIgnored(files: ProjectFiles): boolean {
  return repositoryFolders(files).some((folder) =>
    /^(?:\*\*)?\/?(?:\.env|\*\.env|\.)\*?\s*$/m.test(
      files.read(folder === "" ? ".gitignore" : `${folder}/.gitignore`) ?? "",
    ),
  );
}
