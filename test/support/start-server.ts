import { spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import type { KeptProcess, ProcessUser } from "./keep-process.ts";

/** Reads where a server is to come from, or `undefined` for any place. */
export function readSource<Source extends string>(
  variable: string,
  sources: readonly Source[],
): Source | undefined {
  const text = process.env[variable];
  if (text === undefined || text === "") return undefined;
  const found = sources.find((source) => source === text);
  if (found !== undefined) return found;
  throw new Error(
    `${variable} is "${text}": use ${sources.slice(0, -1).join(", ")} or ${sources.at(-1)}.`,
  );
}

/** Calls `start` again when another program has taken the port between finding it and using it. */
export async function retryTakenPort<Server>(start: () => Promise<Server>): Promise<Server> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await start();
    } catch (error) {
      const isTaken = /address already in use|port is already allocated/i.test(String(error));
      if (attempt === 3 || !isTaken) throw error;
    }
  }
}

/**
 * Runs a program that prepares a server, as the server's user, while this process goes on.
 *
 * @param folder - its working and home folder
 */
export async function runTool(given: {
  command: string;
  args: readonly string[];
  folder: string;
  user: ProcessUser | undefined;
}): Promise<void> {
  const { command, args, folder, user } = given;
  const child = spawn(command, args, {
    cwd: folder,
    env: { ...process.env, HOME: folder, LC_ALL: "C" },
    stdio: ["ignore", "pipe", "pipe"],
    ...user,
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => (output += text));
  }
  const ending = await new Promise<string>((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("close", (code, signal) => resolve(String(signal ?? code)));
  });
  if (ending !== "0") throw new Error(`${command} failed (${ending}):\n${output.trimEnd()}`);
}

/**
 * Tries to connect until it succeeds, the server has ended, or time is up.
 *
 * @param connect - makes one attempt
 * @returns what the first successful attempt returned
 */
export async function waitUntilReady<Result>(given: {
  /** For messages. */
  name: string;
  server: KeptProcess;
  connect: () => Promise<Result>;
  /** Whether another attempt would fail in the same way. Default: never. */
  isFinal?: (error: unknown) => boolean;
  /** Default: 60,000. */
  timeoutMs?: number;
}): Promise<Result> {
  const { name, server, connect, isFinal = () => false, timeoutMs = 60_000 } = given;
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    try {
      return await connect();
    } catch (error) {
      const ending = server.ending();
      if (ending !== undefined || Date.now() > deadline || isFinal(error)) {
        const story = ending === undefined ? "did not get ready" : `ended (${ending})`;
        throw new Error(`${name} ${story}:\n${lastLines(server.log())}`, { cause: error });
      }
      await sleep(20);
    }
  }
}

function lastLines(text: string): string {
  return text.trimEnd().split("\n").slice(-20).join("\n");
}
