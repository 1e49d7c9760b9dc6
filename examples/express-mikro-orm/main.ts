import { join } from "node:path";
import { defineEntity, MikroORM, p } from "@mikro-orm/postgresql";
import express from "express";
import { createTenancy } from "kirayedar";
import { tenantMiddleware } from "kirayedar/express";
import { tenantMikroOrm } from "kirayedar/mikro-orm";
import { pg } from "kirayedar/pg";
import { PostgresDialect } from "kysely";
import Cursor from "pg-cursor";

const Note = defineEntity({
  name: "Note",
  tableName: "notes",
  properties: { id: p.integer().primary(), text: p.text() },
});

const tenancy = createTenancy({
  database: pg({ connectionString: process.env["DATABASE_URL"] }),
  migrations: { tenant: join(import.meta.dirname, "migrations/tenant") },
  primaryDomain: "localhost",
});

const { em, forTenant, orm } = await tenantMikroOrm(tenancy, {
  dialect: (pool) => new PostgresDialect({ pool, cursor: Cursor }),
  init: (driverOptions) => MikroORM.init({ driverOptions, entities: [Note], dbName: "app" }),
});

await tenancy.migrateGlobal();
for (const slug of ["acme", "globex"]) {
  await tenancy.create(slug, { ifExists: "keep" });
  // A job names its tenant; a request has it already.
  const manager = await forTenant(slug);
  if ((await manager.count(Note)) === 0) await manager.insert(Note, { text: `Hello, ${slug}` });
}

const app = express();
app.use(express.json());
app.use(tenantMiddleware(tenancy));

app.get("/notes", async (_request, response) => {
  response.json(await em.findAll(Note, { orderBy: { id: "asc" } }));
});

app.post("/notes", async (request, response) => {
  const { text } = request.body as { text: string };
  const note = em.create(Note, { text });
  await em.flush();
  response.status(201).json(note);
});

const server = app.listen(Number(process.env["PORT"] ?? 3000), () => {
  const { port } = server.address() as { port: number };
  console.log(`Listening on http://localhost:${port}`);
  for (const slug of ["acme", "globex"]) console.log(`  http://${slug}.localhost:${port}/notes`);
});

process.once("SIGTERM", () => {
  server.close(() => void orm.close().then(() => tenancy.close()));
  server.closeAllConnections();
});
