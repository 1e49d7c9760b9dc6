import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** The user that a server runs as, when it must not be the one that runs the tests. */
export interface ProcessUser {
  readonly uid: number;
  readonly gid: number;
}

/** What `keeper.ts` gets to do. */
export interface KeeperOrder {
  readonly command: string;
  readonly args: readonly string[];
  /** Added to the environment of this process. */
  readonly env?: Readonly<Record<string, string>>;
  readonly user?: ProcessUser;
  /** The server's working folder. Deleted, with all that is in it, after the server has ended. */
  readonly folder: string;
  readonly logFile: string;
  readonly stopSignal: NodeJS.Signals;
  /** How long the server may take to stop before it is killed. */
  readonly stopTimeoutMs: number;
  /** A program and its arguments that end what the signal alone does not reach. */
  readonly stopCommand?: readonly [command: string, ...args: string[]];
}

/** A server that ends with the process that started it. */
export interface KeptProcess {
  /** What became of the server if it ended by itself: its exit code or signal. */
  readonly ending: () => string | undefined;
  readonly log: () => string;
  /** Ends the server and deletes its folder. May be called again. */
  readonly stop: () => Promise<void>;
}

/**
 * Runs a server until `stop()`, or until this process ends in whatever way: then it is ended and
 * its folder deleted by the keeper, which also survives this process being killed.
 */
export function keepProcess(order: KeeperOrder): KeptProcess {
  let output = "";
  // Apart from the rest, since any user of the machine can read the arguments of a process.
  const { env, ...rest } = order;
  const keeper = spawn(
    process.execPath,
    ["--no-warnings", fileURLToPath(new URL("keeper.ts", import.meta.url)), JSON.stringify(rest)],
    {
      // In a group of its own, so that Ctrl-C reaches this process first and the order stays ours.
      detached: true,
      env: { ...process.env, ...env },
      stdio: ["pipe", "pipe", "inherit"],
    },
  );
  const gone = new Promise<void>((resolve, reject) => {
    keeper.once("exit", () => resolve());
    keeper.once("error", reject);
  });
  // Awaited by `stop` alone: without this line a failed start would be an unhandled rejection too.
  gone.catch(() => {});
  keeper.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
  keeper.stdin.on("error", () => {});
  // A forgotten server does not hold this process back: it is ended with it.
  keeper.unref();
  for (const pipe of [keeper.stdin, keeper.stdout]) (pipe as unknown as { unref(): void }).unref();

  return {
    ending: () => /^(?:exited|failed) (.*)$/m.exec(output)?.[1],
    log: () => (existsSync(order.logFile) ? readFileSync(order.logFile, "utf8") : ""),
    async stop() {
      keeper.ref();
      keeper.stdin.end();
      await gone;
    },
  };
}
