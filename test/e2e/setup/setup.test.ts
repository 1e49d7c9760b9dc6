import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  createTestDatabase,
  createTestMysqlDatabase,
  describeMysql,
  type TestDatabase,
} from "../../support/database.ts";
import {
  type Application,
  type Applications,
  installApplications,
  type Server,
} from "./applications.ts";

/** One application, and what its user does with it. */
interface Stack {
  /** Its folder in `applications`. */
  readonly name: string;
  /** Flags beside `--yes`. */
  readonly flags: readonly string[];
  /** What is in its `.env` before; `undefined` for no such file. */
  readonly env?: string;
  /** What makes the application query as a tenant, as the next steps say. */
  follow(application: Application): void;
  /** Compiles it. */
  build?(application: Application): Promise<unknown>;
  /** Arguments of `node` that start it. */
  readonly start?: readonly string[];
}

const STACKS: readonly Stack[] = [
  {
    flags: ["--tenant-name", "Customer Account", "--ids", "serial"],
    follow: (application) =>
      application.edit("server.js", ["await pool.query", "await tenancy.query"]),
    name: "node-pg",
    start: ["--env-file=.env", "server.js"],
  },
  {
    build: (application) => application.script("build"),
    env: "DATABASE_URL",
    flags: ["--tenant-name", "Organization", "--admin"],
    follow: (application) =>
      application.edit("src/routes/notes.ts", ["../database.js", "../tenancy/database.js"]),
    name: "express-prisma",
    start: ["--env-file=.env", "dist/server.js"],
  },
  {
    build: (application) => application.run("tsc"),
    env: "POSTGRES_URL",
    flags: ["--tenant-name", "Clinic", "--ids", "serial", "--admin-host", ""],
    follow: (application) =>
      application.edit("src/app.ts", ["./db/index.ts", "./tenancy/database.ts"]),
    name: "fastify-drizzle",
    start: ["--env-file=.env", "src/app.ts"],
  },
  {
    build: (application) => application.script("build"),
    env: "DATABASE_URL",
    flags: ["--tenant-name", "company", "--admin-host", "staff.localhost"],
    follow: (application) =>
      application.edit("src/index.ts", ["./database.ts", "./tenancy/database.ts"]),
    name: "hono-kysely",
    start: ["--env-file=.env", "dist/index.js"],
  },
  {
    build: (application) => application.script("build"),
    env: "DATABASE_URL",
    flags: ["--tenant-name", "Person", "--admin"],
    follow: (application) =>
      application.edit(
        "src/notes/notes.service.ts",
        ["../data-source.js", "../tenancy/database.js"],
        ["./note.entity.js", "../tenancy/models.js"],
      ),
    name: "nest-typeorm",
    start: ["--env-file=.env", "dist/main.js"],
  },
  {
    // Next checks the types, too.
    build: (application) => application.script("build"),
    env: "DATABASE_URL",
    flags: ["--tenant-name", "Team", "--admin"],
    follow: (application) =>
      application.edit(
        "src/app/notes/route.ts",
        [
          'import { db, notes } from "@/lib/db";',
          'import { db } from "@/lib/tenancy/database";\nimport { notes } from "@/lib/tenancy/models";\nimport { withTenant } from "@/lib/tenancy/tenancy";',
        ],
        ["async () => {", "withTenant(async () => {"],
        ["async (request: Request) => {", "withTenant(async (request: Request) => {"],
        ["};", "});"],
      ),
    name: "next-drizzle",
  },
];

let applications: Applications;

beforeAll(async () => {
  applications = await installApplications([...STACKS.map(({ name }) => name), "node-mysql2"]);
  // What npm has to fetch where its cache is empty takes its time.
}, 600_000);

// So are the many small files of an installation.
afterAll(async () => await applications.remove(), 300_000);

describe.each(STACKS)("setup in $name", (stack) => {
  let database: TestDatabase;

  beforeAll(async () => {
    database = await createTestDatabase();
  });

  afterAll(async () => {
    await database.drop();
  });

  it("makes an application of two tenants, and changes nothing the second time", async () => {
    const application = applications.get(stack.name);
    if (stack.name === "hono-kysely") makeWindowsFiles(application);
    if (stack.env !== undefined) application.write(".env", `${stack.env}=${database.url}\n`);
    const address = stack.env === undefined ? ["--database-url", database.url] : [];
    const flags = ["setup", "--yes", ...stack.flags, ...address];

    const before = application.snapshot();
    await application.run("kirayedar", ...flags, "--dry-run");
    expect(application.snapshot()).toEqual(before);
    await application.run("kirayedar", ...flags);
    const after = application.snapshot();
    expect(Object.keys(after).length).toBeGreaterThan(Object.keys(before).length + 3);
    expect(await application.run("kirayedar", ...flags)).toContain("nothing to do");
    expect(await application.run("kirayedar", "setup", "--yes")).toContain("nothing to do");
    expect(application.snapshot()).toEqual(after);

    stack.follow(application);
    await stack.build?.(application);
    await application.script("tenants:migrate");
    for (const slug of ["acme", "globex"]) await application.run("kirayedar", "create", slug);
    const hasPages = stack.flags.includes("--admin");
    await checkTenants(await start(application, stack.start), hasPages ? "admin.localhost" : "");
  }, 240_000);
});

describeMysql("setup in node-mysql2", () => {
  it("speaks to MariaDB, in an application that requires its modules", async () => {
    const database = await createTestMysqlDatabase();
    const application = applications.get("node-mysql2");
    application.write(".env", `MYSQL_URL=${database.url}\n`);
    const flags = ["setup", "--yes", "--tenant-name", "Group", "--ids", "serial"];

    const shown = await application.run("kirayedar", ...flags, "--json");
    const { byHand } = JSON.parse(shown) as { readonly byHand: readonly { text: string }[] };
    // Its server has options before the listener, so the line is for a person to put in.
    const [lines = ""] = byHand.map(({ text }) => text.split("\n\n")[0]);
    expect(lines).toContain('require("kirayedar/node")');
    const after = application.snapshot();
    await application.run("kirayedar", ...flags);
    expect(application.snapshot()).toEqual(after);

    application.edit(
      "app/main.js",
      ['"use strict";', `"use strict";\n${lines}`],
      [", answer)", ", withTenant(tenancy, answer))"],
      ["createPool({ uri: process.env.MYSQL_URL })", "tenancy.pool.promise()"],
    );
    await application.script("tenants:migrate");
    for (const slug of ["acme", "globex"]) await application.run("kirayedar", "create", slug);
    await checkTenants(await start(application, ["--env-file=.env", "app/main.js"]));
    await database.drop();
  }, 120_000);
});

/** Line ends as an editor on Windows writes them. */
function makeWindowsFiles(application: Application): void {
  for (const path of ["package.json", "src/index.ts"]) {
    application.edit(path, ["\n", "\r\n"]);
  }
}

async function start(application: Application, args: Stack["start"]): Promise<Server> {
  if (args !== undefined) return await application.start("node", args, { PORT: "0" });
  const port = await freePort();
  return await application.start("next", ["start", "-p", String(port)]);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0);
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

/** Each tenant has its own notes, a host of nobody none, and the admin pages let nobody in. */
async function checkTenants(server: Server, adminHost = ""): Promise<void> {
  try {
    const added = await server.ask("acme.localhost", "POST", "hello");
    expect(JSON.parse(added.body)).toEqual([{ id: 1, text: "hello" }]);
    await server.ask("globex.localhost", "POST", "good day");
    const acme = await server.ask("acme.localhost");
    expect({ ...acme, body: JSON.parse(acme.body) as unknown }).toEqual({
      body: [{ id: 1, text: "hello" }],
      status: 200,
    });
    const globex = await server.ask("globex.localhost");
    expect(JSON.parse(globex.body)).toEqual([{ id: 1, text: "good day" }]);
    expect((await server.ask("nobody.localhost")).status).toBe(404);
    if (adminHost === "") return;
    expect((await server.ask(adminHost, "GET", "", "/admin")).status).toBe(401);
  } finally {
    await server.stop();
  }
}
