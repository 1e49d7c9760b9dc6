import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, rmSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { PeerSet } from "../../support/peers.ts";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const application = fileURLToPath(new URL("application/", import.meta.url));

/** An application of Next that has been built. */
export interface BuiltApp {
  /** Starts it, as `next start` does. */
  start(): Promise<RunningApp>;
  /** Removes what the build made. */
  remove(): void;
}

/** One that listens. */
export interface RunningApp {
  readonly port: number;
  /** What it has printed. */
  output(): string;
  /** Asks it to end, and waits until it has. */
  stop(): Promise<void>;
}

/** Builds the application beside this file with one version of Next. */
export async function buildApp(set: PeerSet, databaseUrl: string): Promise<BuiltApp> {
  const home = set === "newest" ? root : join(root, "test/peers/oldest");
  // Next is found from the folder that the application is in.
  const folder =
    set === "newest"
      ? fileURLToPath(new URL(`.built-${process.pid}`, import.meta.url))
      : join(home, `.next-application-${process.pid}`);
  cpSync(application, folder, { filter: (name) => !name.includes("/.next"), recursive: true });
  // As it is installed, so that its name means the same beside the oldest peers.
  const installed = join(folder, "node_modules/kirayedar");
  cpSync(join(root, "dist"), join(installed, "dist"), { recursive: true });
  cpSync(join(root, "package.json"), join(installed, "package.json"));
  const run = (args: string[]): ReturnType<typeof spawn> =>
    spawn(process.execPath, [join(home, "node_modules/next/dist/bin/next"), ...args], {
      cwd: folder,
      env: {
        ...process.env,
        DATABASE_URL: databaseUrl,
        NEXT_TELEMETRY_DISABLED: "1",
        NODE_ENV: "production",
        ROOT_FOLDER: root.replace(/\/$/, ""),
        // Bundled on the one, and left as it is installed on the other.
        EXTERNAL_PACKAGES: set === "newest" ? "kirayedar,pg" : "pg",
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
  const remove = (): void => rmSync(folder, { force: true, recursive: true });
  const build = run(["build"]);
  const printed = collect(build);
  const [code] = (await once(build, "exit")) as [number];
  if (code !== 0) {
    remove();
    throw new Error(`next build ended with ${code}:\n${printed()}`);
  }
  const listen = async (): Promise<RunningApp> => {
    // With port 0, or with `-H 127.0.0.1`, Next would not recognise its own address in what `proxy.ts`
    // rewrites, and would send the request out.
    const port = await freePort();
    return start(run(["start", "-p", String(port)]));
  };
  return { remove, start: listen };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

async function start(server: ReturnType<typeof spawn>): Promise<RunningApp> {
  const output = collect(server);
  const ended = once(server, "exit");
  const port = await new Promise<number>((resolve, reject) => {
    server.stdout?.on("data", () => {
      const found = /http:\/\/localhost:(\d+)/.exec(output())?.[1];
      if (found !== undefined) resolve(Number(found));
    });
    void ended.then(() => reject(new Error(`next start ended:\n${output()}`)));
  });
  return {
    output,
    port,
    stop: async () => {
      server.kill("SIGTERM");
      await ended;
    },
  };
}

function collect(child: ReturnType<typeof spawn>): () => string {
  let text = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on("data", (chunk: Buffer) => {
      text += chunk.toString();
    });
  }
  return () => text;
}
