// A process of its own that runs one server, and ends it when its starter is gone for any reason:
// stopped, failed, interrupted or killed. Started by `keep-process.ts`, never imported.
import { spawn, spawnSync } from "node:child_process";
import { openSync, rmSync } from "node:fs";
import type { KeeperOrder } from "./keep-process.ts";

const order = JSON.parse(process.argv[2] ?? "") as Omit<KeeperOrder, "env">;
const log = openSync(order.logFile, "a");

const server = spawn(order.command, order.args, {
  cwd: order.folder,
  stdio: ["ignore", log, log],
  ...order.user,
});
const ended = new Promise<void>((resolve) => {
  server.once("error", (error) => {
    process.stdout.write(`failed ${error.message}\n`);
    resolve();
  });
  server.once("exit", (code, signal) => {
    process.stdout.write(`exited ${String(signal ?? code)}\n`);
    resolve();
  });
});
process.stdout.write("started\n");
// The starter may be gone when the server ends: nobody reads then, and that is fine.
process.stdout.on("error", () => {});

// The other end of standard input is the starter's: it closes with it.
process.stdin.resume();
process.stdin.once("close", () => void finish());

async function finish(): Promise<void> {
  server.kill(order.stopSignal);
  if (order.stopCommand !== undefined) {
    const [command, ...args] = order.stopCommand;
    spawnSync(command, args, { stdio: "ignore", timeout: order.stopTimeoutMs, ...order.user });
  }
  const impatience = setTimeout(() => server.kill("SIGKILL"), order.stopTimeoutMs);
  await ended;
  clearTimeout(impatience);
  rmSync(order.folder, { recursive: true, force: true, maxRetries: 5 });
  process.exit(0);
}
