// Says whether dist/ still belongs to src/: by content, since a checkout changes the dates.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Where the build leaves the hash of what it built from: not in dist/, which is published. */
export function buildStampFile(root) {
  return join(root, "node_modules", ".kirayedar", "built");
}

/** A hash over everything that the build reads. */
export function hashSources(root) {
  const hash = createHash("sha256");
  const sources = readdirSync(join(root, "src"), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  const settings = ["tsconfig.json", "tsconfig.build.json", "package.json", "package-lock.json"];
  for (const file of [...sources.toSorted(), ...settings.map((name) => join(root, name))]) {
    hash
      .update(`${file.slice(root.length)}\0`)
      .update(readFileSync(file))
      .update("\0");
  }
  return hash.digest("hex");
}
