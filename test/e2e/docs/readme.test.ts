import { spawn } from "node:child_process";
import { request } from "node:http";
import { createServer, type AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../support/database.ts";
import { readDocument } from "../../unit/docs/markdown.ts";
import { NODE } from "../cli/workspace.ts";
import { commandsOf, createProject, filesOf } from "./project.ts";

const readme = readDocument("README.md");
const project = createProject();
afterAll(() => project.remove());

describe("the program at the top of the README", () => {
  it("prints what its comment says", async () => {
    const [program] = readme.blocks.filter(({ language }) => language === "ts");
    project.write("program.ts", program?.text ?? "");
    expect(await project.node("program.ts")).toBe("acme [ { text: 'hello' } ]\nglobex []\n");
  });
});

describe("the quick start of the README", () => {
  let database: TestDatabase;
  let port: number;
  let stop: () => void = () => undefined;

  beforeAll(async () => {
    database = await createTestDatabase();
    port = await findFreePort();
    project.write(".env", `DATABASE_URL=${database.url}\n`);
    for (const [name, text] of filesOf(readme)) {
      project.write(name, text.replace("listen(3000)", `listen(${port})`));
    }
    const [, migration = ""] =
      /`(migrations\/tenant\/\S+\.sql)`/.exec(readme.lines.join("\n")) ?? [];
    const sql = readme.blocks.find(({ language }) => language === "sql");
    project.write(migration, sql?.text ?? "");
    for (const line of commandsOf(readme, "npx")) await project.npx(line);
    stop = await serve(commandsOf(readme, "node")[0] ?? "", port);
  });
  afterAll(async () => {
    stop();
    await database.drop();
  });

  it("answers each host as it says", async () => {
    const answers: string[] = [];
    for (const line of commandsOf(readme, "curl")) {
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
  const child = spawn(NODE, command.split(" ").slice(1), { cwd: project.folder, stdio: "inherit" });
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
