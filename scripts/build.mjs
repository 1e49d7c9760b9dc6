// Compiles src/ to dist/: JavaScript, types and source maps, one file each, in the same folders. The
// console's pages become static files, beside their source for those who want to own it.
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  cpSync,
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

const pages = join(root, "src", "admin", "ui");

const hash = hashSources(root);
process.exitCode = compile() || bundlePages();
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

function bundlePages() {
  const bundler = join(root, "node_modules", "vite", "bin", "vite.js");
  const target = join(fresh, "admin", "ui");
  const result = spawnSync(
    process.execPath,
    [bundler, "build", pages, "--outDir", target, "--emptyOutDir", "--logLevel", "warn"],
    // Which mode it is must not depend on who builds: vitest sets this variable for its tests.
    { cwd: pages, stdio: "inherit", env: { ...process.env, NODE_ENV: "production" } },
  );
  // The pages import the contract from above their folder.
  const source = join(fresh, "admin", "ui-source");
  cpSync(pages, join(source, "ui"), { recursive: true, filter: isSource });
  cpSync(join(pages, "..", "contract.ts"), join(source, "contract.ts"));
  return result.status ?? 1;
}

function isSource(file) {
  return !["dist", "node_modules"].includes(file.slice(pages.length + 1).split(/[\\/]/)[0]);
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
