import { spawn } from "node:child_process";
import { request } from "node:http";
import { createServer, type AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { Document } from "../../unit/docs/markdown.ts";
import { NODE } from "../cli/workspace.ts";
import { commandsOf, filesOf, type Project } from "./project.ts";

/** What differs between the reader's machine and this one. */
export interface Following {
  /** Address of the database. */
  readonly url: string;
  /** Changes a file of the page before it is written. */
  readonly edit?: (name: string, text: string) => string;
}

/**
 * Does what a quick start says, up to the server that answers: its files, its migration, its
 * commands. Resolves with what its lines of curl get, and ends the server.
 */
export async function follow(
  page: Document,
  project: Project,
  { edit = (_name, text) => text, url }: Following,
): Promise<string[]> {
  const port = await findFreePort();
  project.write(".env", `DATABASE_URL=${url}\n`);
  for (const [name, text] of filesOf(page)) {
    const moved = text
      .replace("listen(3000)", `listen(${port})`)
      .replace("port: 3000", `port: ${port}`);
    project.write(name, edit(name, moved));
  }
  const [, migration] = /`(migrations\/tenant\/\S+\.sql)`/.exec(page.lines.join("\n")) ?? [];
  const sql = page.blocks.find(({ language }) => language === "sql");
  if (migration !== undefined) project.write(migration, sql?.text ?? "");
  for (const line of commandsOf(page, "npx kirayedar")) await project.npx(line);
  const stop = await serve(project.folder, commandsOf(page, "node")[0] ?? "", port);
  try {
    return await answersOf(page, port);
  } finally {
    stop();
  }
}

/** Returns what a page says that its lines of curl print. */
export function promisedBy(page: Document): string[] {
  const [, ...promised] =
    /The first prints `(.+?)`.*?the second `(.+?)`, the third `(.+?)`/.exec(
      page.lines.join("\n"),
    ) ?? [];
  return promised;
}

async function answersOf(page: Document, port: number): Promise<string[]> {
  const answers: string[] = [];
  for (const line of commandsOf(page, "curl")) {
    const [, host = "", path = ""] = /http:\/\/([^:/]+):3000(\S*)/.exec(line) ?? [];
    const method = line.includes("-X POST") ? "POST" : "GET";
    const { body, status } = await ask(port, host, method, path || "/");
    answers.push(status === 200 ? body.trim() : String(status));
  }
  return answers;
}

async function findFreePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Starts a page's server, and resolves when it answers. */
async function serve(folder: string, command: string, port: number): Promise<() => void> {
  const child = spawn(NODE, command.split(" ").slice(1), { cwd: folder, stdio: "inherit" });
  const ended = new Promise<never>((_resolve, reject) => {
    child.once("exit", (code) => reject(new Error(`The server ended with ${code}.`)));
  });
  ended.catch(() => undefined);
  for (;;) {
    const isUp = await Promise.race([ended, answers(port)]);
    if (isUp) return () => void child.kill();
    await sleep(50);
  }
}

async function answers(port: number): Promise<boolean> {
  try {
    await ask(port, "localhost", "GET", "/");
    return true;
  } catch {
    return false;
  }
}

function ask(
  port: number,
  host: string,
  method: string,
  path: string,
): Promise<{ readonly status: number | undefined; readonly body: string }> {
  return new Promise((resolve, reject) => {
    const headers = { host: `${host}:${port}` };
    request({ headers, host: "127.0.0.1", method, path, port }, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (text: string) => (body += text));
      response.once("end", () => resolve({ body, status: response.statusCode }));
    })
      .once("error", reject)
      .end();
  });
}
