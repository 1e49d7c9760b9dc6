import { once } from "node:events";
import { setTimeout as wait } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { everyTenantWorld } from "./every-tenant-world.ts";

const world = everyTenantWorld();

const COUNT = `
import type { Tenancy, Tenant } from "kirayedar";
enum Unit { Post = "post" }
export default async function count(tenant: Tenant, tenancy: Tenancy): Promise<object> {
  console.log("counting in " + tenant.slug);
  const { rows } = await tenancy.query<{ n: string }>("select count(*) as n from posts");
  return { [Unit.Post]: Number(rows[0]?.n), here: tenancy.requireTenant().slug };
}
`;

const FAIL = `
export const run = async (tenant, tenancy) => {
  if (tenant.slug === "acme") await tenancy.query("select * from nowhere");
  return tenant.slug;
};
`;

describe("kirayedar run", () => {
  it("runs a TypeScript module in every tenant's scope, and prints what it returned", async () => {
    const { workspace } = world.current;
    workspace.write("count.ts", COUNT);
    const { code, stderr, stdout } = await workspace.run("run", "count.ts", "--all");
    expect(stdout).toMatch(
      /^TENANT +RESULT +TIME +VALUE\nacme +done .+ \{"post":1,"here":"acme"\}\n/,
    );
    expect(stdout).toMatch(/\n3 tenants, 0 failed \(.+\)\.\n$/);
    expect(stderr).toContain("counting in globex");
    expect(code).toBe(0);
  });

  it("prints one document with --json, and CSV with --csv", async () => {
    const { workspace } = world.current;
    workspace.write("count.ts", COUNT);
    const { document } = await workspace.json("run", "count.ts", "initech", "acme");
    expect(document).toMatchObject({
      notReached: [],
      ok: true,
      results: [
        { ok: true, tenant: "acme", value: { here: "acme", post: 1 } },
        { ok: true, tenant: "initech", value: { here: "initech", post: 1 } },
      ],
    });
    const csv = await workspace.run("run", "count.ts", "acme", "--csv");
    expect(csv.stdout).toMatch(
      /^tenant,ok,duration_ms,value,error\r\nacme,true,[\d.]+,"\{""post"":1,""here"":""acme""\}",\r\n$/,
    );
  });

  it("goes on when a tenant fails, unless told otherwise, and exits with 1", async () => {
    const { workspace } = world.current;
    workspace.write("fail.mjs", FAIL);
    const { code, document } = await workspace.json("run", "fail.mjs", "--all");
    expect(document).toMatchObject({
      ok: false,
      results: [
        { error: { code: "42P01" }, ok: false, tenant: "acme" },
        { ok: true, tenant: "globex", value: "globex" },
        { ok: true, tenant: "initech" },
      ],
    });
    expect(code).toBe(1);
    const options = ["--stop-on-error", "--concurrency", "1"];
    const stopped = await workspace.run("run", "fail.mjs", "--all", ...options);
    expect(stopped.stderr).toContain("Stopped. Not reached: globex, initech.");
    expect(stopped.stderr).toContain('relation "nowhere" does not exist');
    expect(stopped.code).toBe(1);
  });

  it("leaves out whom it is told to, and takes those in the states that are asked for", async () => {
    const { workspace } = world.current;
    workspace.write("slug.mjs", "export default (tenant) => tenant.state;");
    await workspace.run("suspend", "globex");
    const slugs = async (...args: string[]): Promise<unknown> =>
      ((await workspace.json("run", "slug.mjs", ...args)).document as { results: object[] })
        .results;
    expect(await slugs("--all")).toMatchObject([{ tenant: "acme" }, { tenant: "initech" }]);
    expect(await slugs("--all", "--except", "acme")).toMatchObject([{ tenant: "initech" }]);
    expect(await slugs("--all", "--state", "suspended")).toMatchObject([{ value: "suspended" }]);
    expect(await slugs("globex")).toMatchObject([{ error: { code: "TENANT_NOT_ACTIVE" } }]);
    await workspace.run("resume", "globex");
  });

  it("stops after the tenants in hand at Ctrl-C", async () => {
    const { workspace } = world.current;
    workspace.write(
      "slow.mjs",
      `export default async () => {
         console.log("begun");
         await new Promise((resolve) => setTimeout(resolve, 500));
       };`,
    );
    const command = workspace.start("run", "slow.mjs", "--all", "--concurrency", "1", "--json");
    while (!command.stderr().includes("begun")) await wait(10);
    command.child.kill("SIGINT");
    await once(command.child, "close");
    const { code, stdout } = await command.outcome;
    expect(JSON.parse(stdout)).toMatchObject({
      notReached: ["globex", "initech"],
      ok: false,
      results: [{ ok: true, tenant: "acme" }],
    });
    expect(code).toBe(1);
  });

  it("refuses what is no script", async () => {
    const { workspace } = world.current;
    workspace.write("empty.mjs", "export const nothing = 1;");
    for (const [args, message] of [
      [["run", "nowhere.ts", "--all"], "There is no script nowhere.ts."],
      [["run", "empty.mjs", "--all"], "exports no function"],
      [["run", "empty.mjs"], "It is not said what to work on."],
    ] as const) {
      const { code, stderr } = await workspace.run(...args);
      expect(stderr).toContain(message);
      expect(code).toBe(2);
    }
  });
});
