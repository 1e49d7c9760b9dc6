// Compiles src/ to dist/: JavaScript, types and source maps, one file each, in the same folders.
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildStampFile, hashSources } from "./source-hash.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const dist = join(root, "dist");
// Built beside dist/ and moved into place: a program that is reading dist/ never sees half of it.
const fresh = join(root, `.dist-${process.pid}`);

const hash = hashSources(root);
process.exitCode = compile();
if (process.exitCode === 0) publish();
rmSync(fresh, { recursive: true, force: true });

function compile() {
  const compiler = join(root, "node_modules", "typescript", "bin", "tsc");
  const project = join(root, "tsconfig.build.json");
  const result = spawnSync(process.execPath, [compiler, "-p", project, "--outDir", fresh], {
    cwd: root,
    stdio: "inherit",
  });
  return result.status ?? 1;
}

function publish() {
  const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  for (const target of Object.values(manifest.bin)) {
    const file = join(fresh, target.replace("./dist/", ""));
    // A missing command is the package check's to report: it knows all that must be there.
    if (existsSync(file)) chmodSync(file, 0o755);
  }
  rmSync(dist, { recursive: true, force: true });
  renameSync(fresh, dist);
  mkdirSync(dirname(buildStampFile(root)), { recursive: true });
  writeFileSync(buildStampFile(root), hash);
}
