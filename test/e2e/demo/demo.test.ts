import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, inject, it } from "vitest";
import { createTestDatabase } from "../../support/database.ts";
import { startMysql } from "../../support/mysql-server.ts";

const main = fileURLToPath(new URL("../../../examples/demo/main.ts", import.meta.url));
const run = promisify(execFile);

/** Walks through the demo; resolves with what it printed. */
async function check(env: Record<string, string>): Promise<string> {
  const { DATABASE_URL: _url, ...rest } = process.env;
  const { stdout } = await run(process.execPath, [main, "--check"], { env: { ...rest, ...env } });
  return stdout;
}

describe("the demo", () => {
  it("does what it shows, on the embedded database", { timeout: 60_000 }, async () => {
    const printed = await check({});
    expect(printed).not.toContain("FAIL");
    expect(printed).toMatch(/\n\d\d passed, 0 failed\n$/);
  });

  it("does the same on a real server", { timeout: 60_000 }, async () => {
    const database = await createTestDatabase();
    try {
      expect(await check({ DATABASE_URL: database.url })).toMatch(/\n\d\d passed, 0 failed\n$/);
    } finally {
      await database.drop();
    }
  });

  it.skipIf(inject("mysql") === undefined)(
    "does the same on MySQL or MariaDB",
    { timeout: 60_000 },
    async () => {
      // A server of its own: the demo's tenants have the names that they would have anywhere.
      const server = await startMysql({ settings: { max_connections: "100" } });
      if ("unavailable" in server) throw new Error(server.unavailable);
      try {
        expect(await check({ DATABASE_URL: server.url })).toMatch(/\n\d\d passed, 0 failed\n$/);
      } finally {
        await server.stop();
      }
    },
  );

  it(
    "takes another port when its own is taken, and stops cleanly",
    { timeout: 60_000 },
    async () => {
      const database = await createTestDatabase();
      const other = createServer();
      other.listen(0, "localhost");
      await once(other, "listening");
      const { port } = other.address() as { port: number };
      const demo = spawn(process.execPath, [main], {
        env: { ...process.env, DATABASE_URL: database.url, PORT: String(port) },
      });
      let printed = "";
      demo.stdout.on("data", (chunk: Buffer) => (printed += chunk.toString()));
      await expect.poll(() => printed, { timeout: 30_000 }).toContain("Ctrl-C");
      const chosen = /http:\/\/localhost:(\d+)\//.exec(printed)?.[1];
      expect(chosen).not.toBe(String(port));
      const answer = await fetch(`http://localhost:${chosen}/`);
      expect(answer.status).toBe(200);
      demo.kill("SIGINT");
      expect(await once(demo, "exit")).toEqual([0, null]);
      other.close();
      await database.drop();
    },
  );
});
