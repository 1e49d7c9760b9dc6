import { type ChildProcessByStdio, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const LOCAL_NODE = join(ROOT, "node_modules", "node", "bin", "node");
/** The project's own Node.js, which reads TypeScript. */
export const NODE: string = existsSync(LOCAL_NODE) ? LOCAL_NODE : process.execPath;
/** The command line's source. */
export const MAIN: string = join(ROOT, "src", "cli", "main.ts");

/** What a command left behind. */
export interface Outcome {
  readonly stdout: string;
  readonly stderr: string;
  /** Exit code; `null` after a signal. */
  readonly code: number | null;
}

/** A command that is still running. */
export interface RunningCommand {
  readonly child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly outcome: Promise<Outcome>;
  /** What it has written on standard error so far. */
  stderr(): string;
  /** What it has written on standard output so far. */
  stdout(): string;
}

/** A temporary folder with a configuration, in which commands are run. */
export interface Workspace {
  readonly folder: string;
  /** Environment variables of its commands, beside the few that any program needs. */
  readonly env: Record<string, string>;
  /** Writes a file, with the folders above it. */
  write(path: string, text: string): void;
  /** Runs a command to its end. */
  run(...args: string[]): Promise<Outcome>;
  /** Runs a command with `--json`, and parses what it printed. */
  json(...args: string[]): Promise<{ readonly code: number | null; readonly document: unknown }>;
  /** Starts a command. */
  start(...args: string[]): RunningCommand;
  /** Starts a command on a terminal of its own; both its outputs arrive on standard output. */
  startOnTerminal(...args: string[]): RunningCommand;
  /** Starts a command whose standard input the test writes. */
  startInteractive(...args: string[]): RunningCommand;
  remove(): void;
}

/** How each driver is given an address. */
const ADDRESS_OPTIONS = { mysql2: "uri", pg: "connectionString" } as const;

/** Makes a folder with a configuration for the database at `url`, and the registry's migrations. */
export function createWorkspace(
  url: string,
  more = "",
  name: keyof typeof ADDRESS_OPTIONS = "pg",
): Workspace {
  const folder = mkdtempSync(join(tmpdir(), "kirayedar-cli-"));
  const env: Record<string, string> = {};
  const write = (path: string, text: string): void => {
    const file = join(folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  };
  const driver = new URL(`../../../src/drivers/${name}/index.ts`, import.meta.url).href;
  const options = `{ ${ADDRESS_OPTIONS[name]}: process.env.CLI_TEST_DATABASE }`;
  write(".env", `CLI_TEST_DATABASE=${url}\n`);
  write(
    "kirayedar.config.mjs",
    `import { ${name} } from ${JSON.stringify(driver)};
     export default { database: ${name}(${options}), ${more} };`,
  );
  const start = (...args: string[]): RunningCommand =>
    launch([NODE, MAIN, ...args], { env, folder });
  return {
    env,
    folder,
    json: async (...args) => {
      const { code, stderr, stdout } = await start(...args, "--json").outcome;
      try {
        return { code, document: JSON.parse(stdout) as unknown };
      } catch (cause) {
        throw new Error(`No JSON: ${stdout}\n${stderr}`, { cause });
      }
    },
    remove: () => rmSync(folder, { force: true, recursive: true }),
    run: (...args) => start(...args).outcome,
    start,
    startInteractive: (...args) => launch([NODE, MAIN, ...args], { env, folder, keepsInput: true }),
    startOnTerminal: (...args) => {
      const command = [NODE, MAIN, ...args].map((word) => `'${word}'`).join(" ");
      const sized = `stty cols 100 rows 40 && exec ${command}`;
      return launch(["script", "-qefc", sized, "/dev/null"], { env, folder, keepsInput: true });
    },
    write,
  };
}

/** Whether {@link Workspace.startOnTerminal} works here: it needs `script` of util-linux. */
export const HAS_TERMINAL: boolean =
  spawnSync("script", ["--version"], { encoding: "utf8" }).stdout?.includes("util-linux") ?? false;

interface Launch {
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
  readonly keepsInput?: boolean;
}

function launch(
  [program = NODE, ...args]: readonly string[],
  { env, folder, keepsInput = false }: Launch,
): RunningCommand {
  const { HOME, NODE_COMPILE_CACHE, PATH, TMPDIR } = process.env;
  const child = spawn(program, args, {
    cwd: folder,
    env: { HOME, NODE_COMPILE_CACHE, PATH, TMPDIR, ...env },
    stdio: ["pipe", "pipe", "pipe"],
  });
  if (!keepsInput) child.stdin.end();
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const outcome = new Promise<Outcome>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, stderr, stdout }));
  });
  return { child, outcome, stderr: () => stderr, stdout: () => stdout };
}

/** SQL of three tenant migrations that can be undone. */
export const THREE_MIGRATIONS: Readonly<Record<string, string>> = {
  "migrations/tenant/20260101000001_create_posts.sql":
    "-- migrate:up\ncreate table posts (id int primary key);\n-- migrate:down\ndrop table posts;\n",
  "migrations/tenant/20260101000002_add_title.sql":
    "-- migrate:up\nalter table posts add title text;\n-- migrate:down\nalter table posts drop title;\n",
  "migrations/tenant/20260101000003_create_tags.sql":
    "-- migrate:up\ncreate table tags (id int primary key);\n-- migrate:down\ndrop table tags;\n",
};

/** Writes {@link THREE_MIGRATIONS}, or the first few of them. */
export function writeMigrations(workspace: Workspace, howMany = 3): void {
  for (const [path, text] of Object.entries(THREE_MIGRATIONS).slice(0, howMany)) {
    workspace.write(path, text);
  }
}
