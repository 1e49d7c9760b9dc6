import { spawn } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { startPostgres } from "../test/support/postgres-server.ts";

/**
 * `npm run example <name>`: starts one of the applications beside this file, on the server that
 * DATABASE_URL names, or on a PostgreSQL of its own that ends with it.
 */
const [name, ...args] = process.argv.slice(2);
const main = name === undefined ? "" : join(import.meta.dirname, name, "main.ts");

if (existsSync(main)) await start();
else {
  const isFolder = (entry: string): boolean =>
    existsSync(join(import.meta.dirname, entry, "main.ts"));
  const names = readdirSync(import.meta.dirname).filter(isFolder);
  console.error(`Which one? npm run example <name>\n\n${names.map((n) => `  ${n}`).join("\n")}\n`);
  process.exitCode = 2;
}

async function start(): Promise<void> {
  const address = process.env["DATABASE_URL"];
  const server = address === undefined ? await startPostgres() : undefined;
  const child = spawn(process.execPath, [main, ...args], {
    env: { ...process.env, DATABASE_URL: address ?? server?.url },
    stdio: "inherit",
  });
  // The terminal sends Ctrl-C to the application as well: it decides when to end.
  process.on("SIGINT", () => {});
  process.on("SIGTERM", () => child.kill("SIGTERM"));
  await new Promise((resolve) => child.once("exit", resolve));
  process.exitCode = child.exitCode ?? 1;
  await server?.stop();
}
