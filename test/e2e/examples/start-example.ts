import { spawn } from "node:child_process";
import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";

/** An example application that runs. */
export interface RunningExample {
  /** Where it listens, on loopback. */
  readonly port: number;
  /** What it has printed. */
  output(): string;
  /** Asks it to end as an operator would, and resolves with its exit code. */
  stop(): Promise<number | null>;
}

/** Starts `main.ts` of a folder on a free port, and waits until it says where it listens. */
export async function startExample(folder: string, databaseUrl: string): Promise<RunningExample> {
  const child = spawn(process.execPath, [`${folder}/main.ts`], {
    cwd: folder,
    env: { ...process.env, DATABASE_URL: databaseUrl, NODE_ENV: "production", PORT: "0" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let printed = "";
  const ended = once(child, "exit") as Promise<[number | null]>;
  const port = await new Promise<number>((resolve, reject) => {
    const read = (chunk: Buffer): void => {
      printed += chunk.toString();
      const [, found] = /http:\/\/(?:[\w.-]+):(\d+)/.exec(printed) ?? [];
      if (found !== undefined) resolve(Number(found));
    };
    child.stdout.on("data", read);
    child.stderr.on("data", read);
    void ended.then(([code]) => {
      reject(new Error(`The example ended with ${code}, and printed:\n${printed}`));
    });
  });
  return {
    output: () => printed,
    port,
    stop: async () => {
      child.kill("SIGTERM");
      const [code] = await ended;
      return code;
    },
  };
}

/** An answer, with its body as JSON where it is that. */
export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** Returns what asks the server on a port under any host name; with a body it is a POST of JSON. */
export function askAt(
  port: number,
): (host: string, path: string, body?: unknown) => Promise<Answer> {
  return async (host, path, body) => {
    const asked = request({
      agent: false,
      headers: { "content-type": "application/json", host: `${host}:${port}` },
      host: "localhost",
      method: body === undefined ? "GET" : "POST",
      path,
      port,
    });
    asked.end(body === undefined ? undefined : JSON.stringify(body));
    const [response] = (await once(asked, "response")) as [IncomingMessage];
    let text = "";
    for await (const chunk of response) text += String(chunk);
    return { body: parse(text), status: response.statusCode ?? 0 };
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
