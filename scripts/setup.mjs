// Makes a fresh clone ready: installs the packages when they are missing or out of date, builds
// with `--build`, and then starts `--run <file> [arguments]` under the project's own Node.js.
// `--peers` also installs the oldest supported versions of the peers, which tests run on, and
// `--docs` what the site of the documentation is made with.
// Plain JavaScript without dependencies, because it runs before anything is installed.
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildStampFile, hashSources } from "./source-hash.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const modules = join(root, "node_modules");
const localBin = join(modules, ".bin");
const toolNode = join(modules, "node", "bin", process.platform === "win32" ? "node.exe" : "node");

const options = parseArguments(process.argv.slice(2));
install(root, "packages");
if (options.peers) install(join(root, "test", "peers", "oldest"), "the oldest supported peers");
if (options.docs) install(join(root, "docs"), "what the documentation is made with");
if (options.build) build();
if (options.run !== undefined) await run(options.run);

function parseArguments(args) {
  const runAt = args.indexOf("--run");
  const own = runAt === -1 ? args : args.slice(0, runAt);
  const unknown = own.find((argument) => !["--build", "--docs", "--peers"].includes(argument));
  if (unknown !== undefined || (runAt !== -1 && args[runAt + 1] === undefined)) {
    fail(
      "usage: node scripts/setup.mjs [--build] [--docs] [--peers] [--run <file> [arguments]]",
      2,
    );
  }
  return {
    build: own.includes("--build"),
    docs: own.includes("--docs"),
    peers: own.includes("--peers"),
    run: runAt === -1 ? undefined : args.slice(runAt + 1),
  };
}

function install(folder, what) {
  const lockFile = join(folder, "package-lock.json");
  const installed = join(folder, "node_modules");
  const stampFile = join(installed, ".kirayedar", "installed");
  const wanted = createHash("sha256").update(readFileSync(lockFile)).digest("hex");
  const isUsable = folder === root ? existsSync(toolNode) : existsSync(installed);
  if (isUsable) {
    if (existsSync(stampFile) && readFileSync(stampFile, "utf8") === wanted) return;
    // Installed by hand, without this script: npm's own record tells when.
    const record = join(installed, ".package-lock.json");
    if (
      !existsSync(stampFile) &&
      existsSync(record) &&
      statSync(record).mtimeMs >= statSync(lockFile).mtimeMs
    ) {
      writeStamp(stampFile, wanted);
      return;
    }
  }
  step(`installing ${what} (npm ci)`);
  // `npm ci` deletes node_modules, so npm must not itself be running on the Node.js in there.
  const path = (process.env["PATH"] ?? "")
    .split(delimiter)
    .filter((folder) => folder !== localBin)
    .join(delimiter);
  const arguments_ = ["ci", "--include=dev", "--include=optional", "--no-audit", "--no-fund"];
  const result = spawnSync("npm", [...arguments_, "--loglevel=error"], {
    cwd: folder,
    env: { ...process.env, PATH: path },
    shell: process.platform === "win32",
    stdio: ["ignore", "ignore", "inherit"],
  });
  if (result.error) fail(`npm could not be started: ${result.error.message}`);
  if (result.status !== 0) fail("npm ci failed", result.status ?? 1);
  if (!existsSync(toolNode)) {
    fail("the package `node` has no binary: npm did not run its install script (see allowScripts)");
  }
  writeStamp(stampFile, wanted);
}

function build() {
  const stampFile = buildStampFile(root);
  const isFresh =
    existsSync(join(root, "dist", "index.js")) &&
    existsSync(stampFile) &&
    readFileSync(stampFile, "utf8") === hashSources(root);
  if (isFresh) return;
  step("building dist");
  const result = spawnSync(toolNode, [join(root, "scripts", "build.mjs")], { stdio: "inherit" });
  if (result.status !== 0) fail("the build failed", result.status ?? 1);
}

/** Runs to the end of the program, and ends this process the way the program ended. */
async function run([file, ...args]) {
  const child = spawn(toolNode, [join(root, file), ...args], {
    stdio: "inherit",
    env: { ...process.env, PATH: `${localBin}${delimiter}${process.env["PATH"] ?? ""}` },
  });
  // The terminal sends Ctrl-C to the child as well: it decides when to end.
  process.on("SIGINT", () => {});
  process.on("SIGTERM", () => child.kill("SIGTERM"));
  const [code, signal] = await new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (...outcome) => resolve(outcome));
  });
  process.exitCode = signal === null ? code : signal === "SIGINT" ? 130 : 1;
}

function writeStamp(file, text) {
  mkdirSync(join(file, ".."), { recursive: true });
  writeFileSync(file, text);
}

function step(text) {
  process.stderr.write(`setup: ${text}\n`);
}

function fail(text, code = 1) {
  process.stderr.write(`setup: ${text}\n`);
  process.exit(code);
}
