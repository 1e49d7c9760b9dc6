// Checks what users will install: packs the package, lints the tarball and its types, installs it in
// empty projects, and imports every entry point there, on the system's Node.js and on the project's.
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
// Without the project's own node_modules/.bin: what a user's shell finds.
const userEnvironment = {
  ...process.env,
  PATH: (process.env["PATH"] ?? "")
    .split(delimiter)
    .filter((folder) => !folder.includes("node_modules"))
    .join(delimiter),
};
const nodes = [...new Set([findSystemNode(), process.execPath])];
const workspace = mkdtempSync(join(tmpdir(), "kirayedar-package-"));

try {
  checkPackage();
} catch (error) {
  process.stderr.write(`package check failed: ${error.message}\n`);
  process.exitCode = 1;
} finally {
  rmSync(workspace, { recursive: true, force: true });
}

function checkPackage() {
  const tarball = pack();
  report("publint", () => runTool("publint/src/cli.js", ["run", tarball, "--strict"]));
  report("attw", () =>
    runTool("@arethetypeswrong/cli/dist/index.js", [tarball, "--profile", "esm-only"]),
  );

  const bare = createProject("bare", [tarball]);
  const peers = Object.keys(manifest.peerDependencies);
  const full = createProject("full", [
    tarball,
    ...peers.map((name) => `${name}@${manifest.devDependencies[name]}`),
  ]);
  for (const node of nodes) {
    const version = run(node, ["--version"]).trim();
    report(`${version}: kirayedar imports without any peer`, () =>
      importIn(bare, node, [manifest.name]),
    );
    report(`${version}: every entry point imports`, () => importIn(full, node, entryPoints()));
    report(`${version}: kirayedar --version`, () => checkCommand(bare, node));
  }
}

function pack() {
  // Without scripts: what is in dist/ now is what is checked.
  const args = ["pack", "--json", "--ignore-scripts", "--pack-destination", workspace];
  const [packed] = JSON.parse(run("npm", args, { cwd: root }));
  const kilobytes = Math.round(packed.unpackedSize / 1024);
  process.stdout.write(`packed ${packed.entryCount} files, ${kilobytes} kB unpacked\n`);
  const outsiders = packed.files
    .map((file) => file.path)
    .filter((path) => path !== "package.json" && !manifest.files.includes(path.split("/")[0]));
  if (outsiders.length > 0) throw new Error(`unexpected files: ${outsiders.join(", ")}`);
  return join(workspace, packed.filename);
}

function createProject(name, packages) {
  const folder = join(workspace, name);
  mkdirSync(folder);
  const own = { name: `check-${name}`, version: "1.0.0", private: true, type: "module" };
  writeFileSync(join(folder, "package.json"), JSON.stringify(own));
  report(`npm install in an empty project (${name})`, () =>
    run("npm", ["install", "--no-audit", "--no-fund", "--prefer-offline", ...packages], {
      cwd: folder,
    }),
  );
  return folder;
}

function entryPoints() {
  return Object.keys(manifest.exports)
    .filter((subpath) => subpath !== "./package.json")
    .map((subpath) => manifest.name + subpath.slice(1));
}

function importIn(folder, node, specifiers) {
  const program = `
    for (const specifier of ${JSON.stringify(specifiers)}) {
      const names = Object.keys(await import(specifier));
      if (names.length === 0) throw new Error(specifier + " exports nothing");
    }`;
  run(node, ["--input-type=module", "--eval", program], { cwd: folder });
}

function checkCommand(folder, node) {
  const file = join(folder, "node_modules", manifest.name, manifest.bin.kirayedar);
  const direct = run(node, [file, "--version"], { cwd: folder }).trim();
  const linked = run(join(folder, "node_modules", ".bin", "kirayedar"), ["--version"]).trim();
  for (const printed of [direct, linked]) {
    if (printed !== manifest.version) throw new Error(`it prints "${printed}"`);
  }
}

function findSystemNode() {
  return run("node", ["--print", "process.execPath"]).trim();
}

function runTool(file, args) {
  return run(process.execPath, [join(root, "node_modules", file), ...args]);
}

/** Runs a program as a user would, and returns what it prints. Failing is an error that tells all. */
function run(command, args, options = {}) {
  const result = spawnSync(command, args, {
    encoding: "utf8",
    env: userEnvironment,
    shell: process.platform === "win32" && command === "npm",
    stdio: ["ignore", "pipe", "pipe"],
    ...options,
  });
  if (result.error) throw result.error;
  if (result.status !== 0) {
    throw new Error(`${command} ${args.join(" ")}\n${result.stdout}${result.stderr}`);
  }
  return result.stdout;
}

function report(what, check) {
  try {
    check();
  } catch (error) {
    throw new Error(`${what}: ${error.message}`, { cause: error });
  }
  process.stdout.write(`ok ${what}\n`);
}
