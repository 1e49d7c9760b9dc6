import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { Tenancy } from "kirayedar";
import { createApp } from "./app.ts";
import { check } from "./check.ts";
import { type DemoOptions, hasData, openTenancy } from "./tenancy.ts";

const DEFAULT_PORT = 4000;

/** A demo that is being served. */
export interface RunningDemo {
  readonly port: number;
  readonly tenancy: Tenancy;
  stop(): Promise<void>;
}

/** Serves the demo, on another port if the wanted one is taken. */
export async function start(
  options: DemoOptions & { readonly port: number },
): Promise<RunningDemo> {
  const opened = await openTenancy(options);
  const { tenancy } = opened;
  let port = options.port;
  const server = createApp(opened, () => port);
  await listen(server, options.port).catch(async (error: NodeJS.ErrnoException) => {
    // Taken, or not for everybody to use.
    if (error.code === "EADDRINUSE" || error.code === "EACCES") return listen(server, 0);
    await tenancy.close();
    throw error;
  });
  port = (server.address() as AddressInfo).port;
  return {
    port,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await tenancy.close();
    },
    tenancy,
  };
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "localhost", () => {
      server.removeListener("error", reject);
      resolve();
    });
  });
}

async function serve(): Promise<void> {
  const databaseUrl = process.env["DATABASE_URL"];
  const dataDir = join(import.meta.dirname, ".data");
  const isFirst = !hasData(dataDir);
  const port = Number(process.env["PORT"] || DEFAULT_PORT);
  const demo = await start({ databaseUrl, dataDir, port });
  const where =
    databaseUrl === undefined ? `embedded PostgreSQL in ${dataDir}` : "the server of DATABASE_URL";
  const { tenants } = await demo.tenancy.list({ limit: 20 });
  const lines = [
    "",
    ...(port === demo.port || port === 0
      ? []
      : [`  Port ${port} is not free, so this is another.`, ""]),
    `  Start here   http://localhost:${demo.port}/`,
    `  Admin        http://admin.localhost:${demo.port}/`,
    ...tenants.map(({ slug }) => `  Tenant       http://${slug}.localhost:${demo.port}/`),
    "",
    `  Data: ${where}${databaseUrl === undefined && !isFirst ? " (kept from last time)" : ""}`,
    "  Ctrl-C stops it.",
    "",
  ];
  console.log(lines.join("\n"));
  const stop = (): void => {
    process.exitCode = 0;
    void demo.stop();
  };
  process.once("SIGINT", stop);
  process.once("SIGTERM", stop);
}

if (process.argv.includes("--check")) process.exitCode = (await check(start)) ? 0 : 1;
else {
  await serve().catch((error: unknown) => {
    console.error(`\n  The demo could not start. ${(error as Error).message}\n`);
    process.exitCode = 1;
  });
}
