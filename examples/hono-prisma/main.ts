import { join } from "node:path";
import { serve, type ServerType } from "@hono/node-server";
import { PrismaPg } from "@prisma/adapter-pg";
import { Hono } from "hono";
import { createTenancy } from "kirayedar";
import { tenantMiddleware } from "kirayedar/hono";
import { pg } from "kirayedar/pg";
import { tenantPrisma } from "kirayedar/prisma";
import { generate } from "./generate.ts";

// An application generates its client when it is built, and imports it like any other file.
generate();
const { PrismaClient } = await import("./generated/client.ts");

const tenancy = createTenancy({
  database: pg({ connectionString: process.env["DATABASE_URL"] }),
  migrations: { tenant: join(import.meta.dirname, "migrations/tenant") },
  primaryDomain: "localhost",
});
const { prisma } = tenantPrisma(
  tenancy,
  ({ pool, schemaName }) =>
    new PrismaClient({ adapter: new PrismaPg(pool, { schema: schemaName }) }),
);

await tenancy.migrateGlobal();
for (const slug of ["acme", "globex"]) await tenancy.create(slug, { ifExists: "keep" });

const app = new Hono();
app.use(tenantMiddleware(tenancy));

app.get("/notes", async (context) => {
  return context.json(await prisma.note.findMany({ orderBy: { id: "asc" } }));
});

app.post("/notes", async (context) => {
  const { text } = await context.req.json<{ text: string }>();
  return context.json(await prisma.note.create({ data: { text } }), 201);
});

const port = Number(process.env["PORT"] ?? 3000);
const server: ServerType = serve({ fetch: app.fetch, port }, (info) => {
  console.log(`Listening on http://localhost:${info.port}`);
  for (const slug of ["acme", "globex"]) {
    console.log(`  http://${slug}.localhost:${info.port}/notes`);
  }
});

process.once("SIGTERM", () => {
  server.close(() => void tenancy.close());
  if ("closeAllConnections" in server) server.closeAllConnections();
});
