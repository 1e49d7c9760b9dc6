import { execFile, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../support/database.ts";
import { readDocument, ROOT } from "../../unit/docs/markdown.ts";
import { MAIN, NODE } from "../cli/workspace.ts";

const readme = readDocument("README.md");
const folder = mkdtempSync(join(tmpdir(), "kirayedar-readme-"));
afterAll(() => rmSync(folder, { force: true, recursive: true }));

/** The package as an installation has it, but with the sources in place of what is built of them. */
function installPackages(): void {
  const modules = join(folder, "node_modules");
  const own = join(modules, "kirayedar");
  mkdirSync(own, { recursive: true });
  symlinkSync(join(ROOT, "src"), join(own, "src"), "junction");
  const exports = {
    ".": "./src/index.ts",
    "./node": "./src/integrations/http/node/index.ts",
    "./pg": "./src/drivers/pg/index.ts",
    "./pglite": "./src/drivers/pglite/index.ts",
  };
  writeFileSync(join(own, "package.json"), JSON.stringify({ exports, type: "module" }));
  symlinkSync(join(ROOT, "node_modules", "pg"), join(modules, "pg"), "junction");
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
}

function write(path: string, text: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
}

/** Returns the lines of the README's shell blocks that begin with a word. */
function commands(word: string): string[] {
  return readme.blocks
    .filter(({ language }) => language === "sh")
    .flatMap(({ text }) => text.split("\n"))
    .filter((line) => line.startsWith(`${word} `));
}

const run = promisify(execFile);

beforeAll(installPackages);

describe("the program at the top of the README", () => {
  it("prints what its comment says", async () => {
    const [program] = readme.blocks.filter(({ language }) => language === "ts");
    write("program.ts", program?.text ?? "");
    const { stdout } = await run(NODE, ["program.ts"], { cwd: folder });
    expect(stdout).toBe("acme [ { text: 'hello' } ]\nglobex []\n");
  });
});

describe("the quick start of the README", () => {
  let database: TestDatabase;
  let port: number;
  let stop: () => void = () => undefined;

  beforeAll(async () => {
    database = await createTestDatabase();
    port = await findFreePort();
    write(".env", `DATABASE_URL=${database.url}\n`);
    for (const { language, text } of readme.blocks) {
      const [, name] = /^\/\/ (\S+\.ts)$/m.exec(text) ?? [];
      if (language === "ts" && name !== undefined) {
        write(name, text.replace("listen(3000)", `listen(${port})`));
      }
      const [, migration] = /`(migrations\/tenant\/\S+\.sql)`/.exec(readme.lines.join("\n")) ?? [];
      if (language === "sql") write(migration ?? "", text);
    }
    for (const line of commands("npx")) {
      await run(NODE, [MAIN, ...line.split(" ").slice(2)], { cwd: folder });
    }
    stop = await serve(commands("node")[0] ?? "", port);
  });
  afterAll(async () => {
    stop();
    await database.drop();
  });

  it("answers each host as it says", async () => {
    const answers: string[] = [];
    for (const line of commands("curl")) {
      const [, host = ""] = /http:\/\/([^:/]+):3000/.exec(line) ?? [];
      const method = line.includes("-X POST") ? "POST" : "GET";
      const { body, status } = await ask(port, host, method);
      answers.push(status === 200 ? body.trim() : String(status));
    }
    const [, first, second, third] =
      /The first prints `(.+?)`, the second `(.+?)`, the third `(.+?)`/.exec(
        readme.lines.join("\n"),
      ) ?? [];
    expect(answers).toEqual([first, second, third]);
  });
});

async function findFreePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Starts the README's server, and resolves when it answers. */
async function serve(command: string, port: number): Promise<() => void> {
  const child = spawn(NODE, command.split(" ").slice(1), { cwd: folder, stdio: "inherit" });
  const ended = new Promise<never>((_resolve, reject) => {
    child.once("exit", (code) => reject(new Error(`The server ended with ${code}.`)));
  });
  ended.catch(() => undefined);
  for (;;) {
    const isUp = await Promise.race([ended, answers(port)]);
    if (isUp) return () => void child.kill();
  }
}

async function answers(port: number): Promise<boolean> {
  try {
    await ask(port, "localhost", "GET");
    return true;
  } catch {
    return false;
  }
}

function ask(
  port: number,
  host: string,
  method: string,
): Promise<{ readonly status: number | undefined; readonly body: string }> {
  return new Promise((resolve, reject) => {
    const headers = { host: `${host}:${port}` };
    request({ headers, host: "127.0.0.1", method, port }, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (text: string) => (body += text));
      response.once("end", () => resolve({ body, status: response.statusCode }));
    })
      .once("error", reject)
      .end();
  });
}
