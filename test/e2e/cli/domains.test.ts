import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../support/database.ts";
import { type DnsServer, startDnsServer } from "../../support/dns-server.ts";
import { createWorkspace, type Workspace, writeMigrations } from "./workspace.ts";

let database: TestDatabase;
let dns: DnsServer;
let workspace: Workspace;

beforeAll(async () => {
  database = await createTestDatabase();
  dns = await startDnsServer();
  workspace = createWorkspace(
    database.url,
    `domains: {
       graceMs: 0,
       methods: ["dns"],
       resolver: (() => {
         const { Resolver } = process.getBuiltinModule("node:dns").promises;
         const resolver = new Resolver({ timeout: 500, tries: 1 });
         resolver.setServers(["${dns.address}"]);
         return resolver;
       })(),
     }`,
  );
  writeMigrations(workspace);
  for (const args of [
    ["migrate", "--global"],
    ["create", "acme", "--domain", "trusted.test"],
  ]) {
    const { code, stderr } = await workspace.run(...args);
    if (code !== 0) throw new Error(stderr);
  }
});

afterAll(async () => {
  workspace.remove();
  await dns.close();
  await database.drop();
});

describe("domains", () => {
  it("claims, verifies, lists and checks", async () => {
    const claim = await workspace.run("domains", "claim", "acme", "Notes.Acme.Test", "--primary");
    expect(claim).toMatchObject({ code: 0, stderr: "" });
    const value = /kirayedar-verify=[\da-f]{32}/.exec(claim.stdout)?.[0] ?? "";
    expect(claim.stdout.replaceAll(value, "VALUE")).toBe(
      [
        "notes.acme.test is claimed for acme, and not served yet. Its owner publishes:\n",
        "TXT record  _kirayedar.notes.acme.test",
        "with text   VALUE\n",
        "Then: kirayedar domains verify acme notes.acme.test\n",
      ].join("\n"),
    );
    const early = await workspace.run("domains", "verify", "acme", "notes.acme.test");
    expect(early.code).toBe(1);
    expect(early.stderr).toMatch(
      /^error: The TXT record .* is not there\..*\[DOMAIN_NOT_VERIFIED\]/,
    );
    dns.records.set("_kirayedar.notes.acme.test", [[value]]);
    expect(await workspace.run("domains", "verify", "acme", "notes.acme.test")).toEqual({
      code: 0,
      stderr: "",
      stdout: "✓ notes.acme.test is verified, and served for acme\n",
    });
    const { stdout } = await workspace.run("domains", "list", "acme");
    expect(stdout.replaceAll(/\d{4}-\S+Z/g, "TIME").replaceAll(/ +/g, " ")).toBe(
      [
        "DOMAIN STATE PRIMARY BY CHECKED MISSING SINCE",
        "notes.acme.test verified yes dns TIME -",
        "trusted.test trusted - - - -",
        "",
      ].join("\n"),
    );
    expect(await workspace.json("domains", "check", "--concurrency", "2")).toMatchObject({
      code: 0,
      document: { counts: { verified: 1 }, done: 1, ok: true },
    });
  });

  it("exits with 1 when a domain lapsed, and tells which", async () => {
    dns.records.clear();
    expect(await workspace.json("domains", "check", "--older-than", "1d")).toMatchObject({
      code: 0,
      document: { done: 0 },
    });
    const { code, stdout } = await workspace.run("domains", "check");
    expect(code).toBe(1);
    expect(stdout).toMatch(/acme +notes\.acme\.test +lapsed/);
    expect(stdout).toContain("1 domain: 0 failing, 1 lapsed, 0 unknown, 0 verified.");
    expect(await workspace.json("domains", "list", "acme")).toMatchObject({
      document: {
        domains: [
          { domain: "trusted.test", isPrimary: true, state: "trusted" },
          { domain: "notes.acme.test", state: "pending" },
        ],
      },
    });
  });

  it("tells what is to be published for a domain that is served without", async () => {
    const claim = await workspace.run("domains", "claim", "acme", "trusted.test");
    expect(claim.code).toBe(0);
    expect(claim.stdout).toMatch(
      /^trusted\.test is claimed for acme, and served already\. Its owner publishes:\n\nTXT record +_kirayedar\.trusted\.test\n/,
    );
  });

  it("refuses a span of time without a unit", async () => {
    const { code, stderr } = await workspace.run("domains", "check", "--older-than", "12");
    expect([code, stderr]).toEqual([2, expect.stringContaining("such as 90s, 30m, 12h or 7d")]);
  });
});
