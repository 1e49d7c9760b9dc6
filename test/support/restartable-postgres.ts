import { spawnSync } from "node:child_process";
import { join } from "node:path";
import pg from "pg";
import { findEmbeddedBinaries, findInstalledBinaries } from "./postgres-binaries.ts";
import { type RunningPostgres, startPostgres } from "./postgres-server.ts";
import { runTool } from "./start-server.ts";
import { serverUser } from "./unprivileged.ts";

/** A server of one test's own, that ends and comes back. */
export interface RestartablePostgres extends Pick<RunningPostgres, "stop" | "url"> {
  /**
   * Ends the server and starts it on the same data and address.
   *
   * @param mode - `fast` ends what runs; `immediate` is a crash, after which it recovers
   */
  restart(mode: "fast" | "immediate"): Promise<void>;
}

/** Starts such a server; `undefined` where the tests are given one by its address. */
export async function startRestartablePostgres(): Promise<RestartablePostgres | undefined> {
  // What was committed has to survive a crash.
  const settings = { fsync: "on", full_page_writes: "on", synchronous_commit: "on" };
  const server = await startPostgres({ settings });
  const { socketDir: folder, source, url } = server;
  if (folder === undefined) return undefined;
  const user = serverUser();
  const bin =
    source === "embedded" ? findEmbeddedBinaries(user, folder) : findInstalledBinaries(user);
  if (typeof bin !== "string") throw new Error("The server's programs are gone.");
  const control = (...args: string[]): Promise<void> =>
    runTool({
      args: ["--pgdata", join(folder, "data"), "--silent", ...args],
      command: join(bin, "pg_ctl"),
      folder,
      user,
    });
  return {
    restart: async (mode) => {
      // With the arguments that it was started with, which it has noted.
      const log = ["--log", join(folder, "restarted.log")];
      await control("restart", "--wait", "--mode", mode, ...log);
      await untilReady(url);
    },
    stop: async () => {
      // The one that was started last is not a child of whoever ends the first one.
      const args = ["stop", "--pgdata", join(folder, "data"), "--silent", "--mode", "immediate"];
      spawnSync(join(bin, "pg_ctl"), args, { cwd: "/", stdio: "ignore", ...user });
      await server.stop();
    },
    url,
  };
}

async function untilReady(url: string): Promise<void> {
  for (let attempt = 0; ; attempt += 1) {
    const client = new pg.Client({ connectionString: url });
    client.on("error", () => undefined);
    try {
      await client.connect();
      await client.end();
      return;
    } catch (error) {
      if (attempt === 200) throw error;
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  }
}
