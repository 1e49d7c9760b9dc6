import { findPackageFolder } from "./package-folder.ts";

let version: string | undefined;

/** Returns the version of this package; `unknown` where a bundler has parted the code from it. */
export function packageVersion(): string {
  version ??= findPackageFolder()?.version ?? "unknown";
  return version;
}
