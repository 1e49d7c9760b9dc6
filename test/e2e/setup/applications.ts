import { execFile, type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { delimiter, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { NODE } from "../cli/workspace.ts";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const FIXTURES = fileURLToPath(new URL("applications", import.meta.url));
const run = promisify(execFile);

/** What a user's shell finds: not the project's own node_modules/.bin. */
const userEnvironment: NodeJS.ProcessEnv = {
  ...process.env,
  // Prisma would download an engine that generating does not need.
  PRISMA_SCHEMA_ENGINE_BINARY: "/bin/true",
  NEXT_TELEMETRY_DISABLED: "1",
  NODE_ENV: undefined,
  NODE_OPTIONS: undefined,
  PATH: [
    join(NODE, ".."),
    ...(process.env["PATH"] ?? "")
      .split(delimiter)
      .filter((folder) => !folder.includes("node_modules")),
  ].join(delimiter),
  VITEST: undefined,
};

/** Applications as their users have them before, in folders beside each other. */
export interface Applications {
  /** Returns one of them. */
  get(name: string): Application;
  /** Deletes them. */
  remove(): Promise<void>;
}

/** One application. */
export interface Application {
  /** Absolute path. */
  readonly folder: string;
  /** Writes a file. */
  write(path: string, text: string): void;
  /** Returns the text of a file. */
  read(path: string): string;
  /** Replaces texts that have to be there, as a person does who edits the file. */
  edit(path: string, ...changes: readonly (readonly [from: string, to: string])[]): void;
  /** Runs a program that is installed, and returns what it prints. */
  run(program: string, ...args: readonly string[]): Promise<string>;
  /** Runs a script of its `package.json`. */
  script(name: string): Promise<string>;
  /** Starts it, and waits until it says on which port it listens. */
  start(program: string, args: readonly string[], env?: NodeJS.ProcessEnv): Promise<Server>;
  /** Returns the texts of all its files, by path. */
  snapshot(): Readonly<Record<string, string>>;
}

/** One that listens. */
export interface Server {
  /** Asks it as a host. */
  ask(
    host: string,
    method?: "GET" | "POST",
    text?: string,
    path?: string,
  ): Promise<{ readonly status: number; readonly body: string }>;
  /** Ends it. */
  stop(): Promise<void>;
}

/**
 * Copies applications into a fresh folder and installs what they want: the versions of this project,
 * and the package itself from its tarball. They share one installation, as workspaces of npm do.
 */
export async function installApplications(names: readonly string[]): Promise<Applications> {
  const home = mkdtempSync(join(tmpdir(), "kirayedar-setup-"));
  const { devDependencies } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
    readonly devDependencies: Readonly<Record<string, string>>;
  };
  for (const name of names) {
    cpSync(join(FIXTURES, name), join(home, name), { recursive: true });
    const manifest = join(home, name, "package.json");
    const text = readFileSync(manifest, "utf8");
    const pinned = text.replace(
      /"([^"]+)": "\*"/g,
      (_, peer: string) => `"${peer}": "${devDependencies[peer] ?? "missing"}"`,
    );
    writeFileSync(manifest, pinned);
  }
  // Without scripts: what is in dist/ now is what is installed.
  const packing = ["pack", "--json", "--ignore-scripts", "--pack-destination", home];
  const packed = await npm(packing, ROOT);
  const [{ filename = "" } = {}] = JSON.parse(packed) as { readonly filename?: string }[];
  const manifest = {
    dependencies: { kirayedar: `file:./${filename}` },
    name: "applications",
    private: true,
    workspaces: names,
  };
  writeFileSync(join(home, "package.json"), JSON.stringify(manifest));
  const options = ["--prefer-offline", "--no-audit", "--no-fund", "--ignore-scripts"];
  await npm(["install", ...options], home);
  return {
    get: (name) => createApplication(join(home, name), join(home, "node_modules", ".bin")),
    remove: async () => await rm(home, { force: true, recursive: true }),
  };
}

async function npm(args: readonly string[], cwd: string): Promise<string> {
  const { stdout } = await run("npm", args, { cwd, env: userEnvironment, maxBuffer: 2 ** 26 });
  return stdout;
}

function createApplication(folder: string, bin: string): Application {
  const read = (path: string): string => readFileSync(join(folder, path), "utf8");
  const write = (path: string, text: string): void => writeFileSync(join(folder, path), text);
  return {
    edit: (path, ...changes) => {
      let text = read(path);
      for (const [from, to] of changes) {
        if (!text.includes(from)) throw new Error(`${path} has no ${from}:\n${text}`);
        text = text.replaceAll(from, to);
      }
      write(path, text);
    },
    folder,
    read,
    run: async (program, ...args) => await runIn(folder, join(bin, program), args),
    script: async (name) => await runIn(folder, "npm", ["run", "--silent", name]),
    snapshot: () => Object.fromEntries(filesIn(folder).map((path) => [path, read(path)])),
    start: async (program, args, env = {}) => {
      const path = program === "node" ? NODE : join(bin, program);
      return await startServer(
        spawn(path, args, { cwd: folder, env: { ...userEnvironment, ...env } }),
      );
    },
    write,
  };
}

async function runIn(folder: string, program: string, args: readonly string[]): Promise<string> {
  try {
    return (await run(program, args, { cwd: folder, env: userEnvironment })).stdout;
  } catch (error) {
    // What a compiler has against a file is on its standard output.
    const { stderr, stdout } = error as { readonly stderr: string; readonly stdout: string };
    throw new Error(`${program} ${args.join(" ")}\n${stdout}${stderr}`, { cause: error });
  }
}

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .filter((path) => !/^(?:node_modules|dist|\.next)\b/.test(path))
    .toSorted();
}

async function startServer(child: ChildProcess): Promise<Server> {
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on("data", (chunk: Buffer) => (output += chunk.toString()));
  }
  const ended = once(child, "exit");
  const port = await new Promise<number>((resolve, reject) => {
    child.stdout?.on("data", () => {
      const found = /(?:listening on |http:\/\/localhost:)(\d+)/.exec(output)?.[1];
      if (found !== undefined) resolve(Number(found));
    });
    void ended.then(() => reject(new Error(`It ended:\n${output}`)));
  });
  return {
    ask: (host, method = "GET", text = "", path = "/notes") =>
      new Promise((resolve, reject) => {
        const headers = { host, "x-text": text };
        const outgoing = request({ headers, host: "localhost", method, path, port });
        outgoing.once("error", reject).once("response", (response) => {
          let body = "";
          response
            .setEncoding("utf8")
            .on("data", (part: string) => (body += part))
            .once("end", () => resolve({ body, status: response.statusCode ?? 0 }));
        });
        outgoing.end();
      }),
    stop: async () => {
      child.kill("SIGKILL");
      await ended;
    },
  };
}
