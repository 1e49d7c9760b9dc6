import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CSRF_HEADER, type Operation, type Session } from "../../../src/admin/contract.ts";
import type { TestDatabase } from "../../support/create-database.ts";
import { createTestDatabase } from "../../support/database.ts";
import { send } from "../../integration/http/support/client.ts";
import { createWorkspace, type RunningCommand, type Workspace } from "./workspace.ts";

const LINK = /http:\/\/127\.0\.0\.1:(\d+)\/login\?token=([\w-]{43})/g;

describe("kirayedar admin", () => {
  let database: TestDatabase;
  let workspace: Workspace;
  const commands: RunningCommand[] = [];

  async function start(...args: string[]): Promise<{ command: RunningCommand; port: number }> {
    const command = workspace.startInteractive("admin", "--as", "ada@example.com", ...args);
    commands.push(command);
    await expect.poll(() => links(command), { timeout: 20_000 }).toHaveLength(1);
    return { command, port: links(command)[0]?.port ?? 0 };
  }
  const links = (command: RunningCommand): { port: number; path: string }[] =>
    [...`${command.stdout()}\n${command.stderr()}`.matchAll(LINK)].map(([, port, token]) => ({
      path: `/login?token=${token}`,
      port: Number(port),
    }));

  beforeAll(async () => {
    database = await createTestDatabase();
    workspace = createWorkspace(database.url);
    await workspace.run("migrate", "--global");
    await workspace.run("create", "acme");
  });
  afterAll(async () => {
    for (const { child } of commands) child.kill("SIGKILL");
    workspace.remove();
    await database.drop();
  });

  it("lets in who has a link, once, and ends cleanly", async () => {
    const { command, port } = await start();
    const host = `127.0.0.1:${port}`;
    const [first] = links(command);
    const open = (path: string, named = host): ReturnType<typeof send> =>
      send(port, path, { host: named });
    expect((await open("/api/session")).status).toBe(401);
    const stranger = await open("/tenants/acme");
    expect([stranger.status, stranger.headers.location]).toEqual([303, "/login"]);
    expect((await open("/login")).status).toBe(401);
    expect((await open("/login?token=x")).status).toBe(403);
    // A name that somebody has pointed at this machine.
    expect((await open(first?.path ?? "", `evil.test:${port}`)).status).toBe(403);
    const login = await open(first?.path ?? "");
    expect(login.status).toBe(200);
    const [cookie = ""] = login.headers["set-cookie"] ?? [];
    expect(cookie).toMatch(/^kirayedar-admin-\d+=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict$/);
    expect((await open(first?.path ?? "")).status).toBe(403);

    command.child.stdin.write("\n");
    await expect.poll(() => links(command)).toHaveLength(2);
    const again = await open(links(command)[1]?.path ?? "");
    expect(again.status).toBe(200);

    const session = cookie.split(";")[0] ?? "";
    const asked = await send(port, "/api/session", { headers: { cookie: session }, host });
    const { csrfToken, may, person } = JSON.parse(asked.body) as Session;
    expect([may, person]).toEqual(["destroy", "ada@example.com"]);
    const rebound = await send(port, "/api/session", {
      headers: { cookie: session },
      host: `evil.test:${port}`,
    });
    expect(rebound.status).toBe(403);
    const csrf = asked.headers["set-cookie"]?.[0]?.split(";")[0] ?? "";
    const suspended = await send(port, "/api/tenants/acme/suspend", {
      headers: {
        cookie: `${session}; ${csrf}`,
        [CSRF_HEADER]: csrfToken,
        "sec-fetch-site": "same-origin",
      },
      host,
      method: "POST",
    });
    expect(suspended.status).toBe(202);
    expect((JSON.parse(suspended.body) as Operation).action).toBe("tenant.suspend");

    command.child.kill("SIGINT");
    const { code } = await command.outcome;
    expect(code).toBe(0);
    const { document } = await workspace.json("audit");
    expect(document).toMatchObject({
      entries: expect.arrayContaining([
        expect.objectContaining({
          action: "tenant.suspend",
          actor: { id: "ada@example.com", via: "console" },
        }),
      ]) as unknown[],
    });
  });

  it("finishes the tenant in hand, and no other, when it is told to end", async () => {
    await workspace.run("create", "globex");
    const slow = "-- migrate:up\nselect pg_sleep(1.5);\n";
    workspace.write("migrations/tenant/20260101000001_slow.sql", slow);
    const { command, port } = await start();
    const host = `127.0.0.1:${port}`;
    const login = await send(port, links(command)[0]?.path ?? "", { host });
    const session = login.headers["set-cookie"]?.[0]?.split(";")[0] ?? "";
    const asked = await send(port, "/api/session", { headers: { cookie: session }, host });
    const csrf = asked.headers["set-cookie"]?.[0]?.split(";")[0] ?? "";
    const cookie = `${session}; ${csrf}`;
    const listening = fetch(`http://${host}/api/events`, { headers: { cookie } }).then((response) =>
      response.text(),
    );
    const begun = await send(port, "/api/runs", {
      body: JSON.stringify({ concurrency: 1, verb: "migrate" }),
      headers: {
        "content-type": "application/json",
        cookie,
        [CSRF_HEADER]: (JSON.parse(asked.body) as Session).csrfToken,
        "sec-fetch-site": "same-origin",
      },
      host,
      method: "POST",
    });
    expect(JSON.parse(begun.body)).toMatchObject({ state: "running" });
    command.child.kill("SIGTERM");
    // An open stream holds up nothing.
    await listening.catch(() => undefined);
    expect((await command.outcome).code).toBe(0);
    const { document } = await workspace.json("runs");
    const counts = { changed: 1, failed: 0, notReached: 1 };
    expect(document).toMatchObject({ runs: [{ counts, stopped: "signal" }] });
  });

  it("changes nothing with --read-only", async () => {
    const { command, port } = await start("--read-only", "--json");
    const host = `127.0.0.1:${port}`;
    expect(JSON.parse(command.stdout())).toEqual({ url: expect.stringMatching(LINK) as string });
    const login = await send(port, links(command)[0]?.path ?? "", { host });
    const cookie = login.headers["set-cookie"]?.[0]?.split(";")[0] ?? "";
    const asked = await send(port, "/api/session", { headers: { cookie }, host });
    expect(JSON.parse(asked.body)).toMatchObject({ may: "read" });
    command.child.kill("SIGTERM");
    expect((await command.outcome).code).toBe(0);
  });

  it("refuses to be seen by others unless that is said, and ports that are taken", async () => {
    const exposed = await workspace.run("admin", "--host", "0.0.0.0");
    expect([exposed.code, exposed.stderr]).toEqual([2, expect.stringContaining("--expose")]);
    const odd = await workspace.run("admin", "--port", "70000");
    expect(odd.code).toBe(2);
  });
});
