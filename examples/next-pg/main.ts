import { spawn } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createTenancy } from "kirayedar";
import { pg } from "kirayedar/pg";

const tenancy = createTenancy({
  database: pg({ connectionString: process.env["DATABASE_URL"] }),
  migrations: { tenant: join(import.meta.dirname, "migrations/tenant") },
  primaryDomain: "localhost",
});
await tenancy.migrateGlobal();
for (const slug of ["acme", "globex"]) await tenancy.create(slug, { ifExists: "keep" });
await tenancy.close();

// What `next build && next start` would do, with the address in the words of the other examples.
const port = Number(process.env["PORT"] ?? 3000) || (await freePort());
const next = createRequire(import.meta.url).resolve("next/dist/bin/next");
let child = run(["build"]);
let isStopped = false;
process.once("SIGTERM", () => {
  isStopped = true;
  child.kill("SIGTERM");
});

const [code] = (await once(child, "exit")) as [number | null];
if (code === 0 && !isStopped) {
  child = run(["start", "-p", String(port)]);
  while (child.exitCode === null && !(await answers())) await sleep(50);
  console.log(`Listening on http://localhost:${port}`);
  for (const slug of ["acme", "globex"]) console.log(`  http://${slug}.localhost:${port}/notes`);
} else if (!isStopped) {
  process.exitCode = 1;
}

function run(args: string[]) {
  return spawn(process.execPath, [next, ...args], {
    cwd: import.meta.dirname,
    env: { ...process.env, NEXT_TELEMETRY_DISABLED: "1", NODE_ENV: "production" },
    stdio: ["ignore", args[0] === "build" ? "inherit" : "ignore", "inherit"],
  });
}

async function answers(): Promise<boolean> {
  return fetch(`http://localhost:${port}/`).then(
    () => true,
    () => false,
  );
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0);
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}
