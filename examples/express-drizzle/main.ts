import { join } from "node:path";
import { asc } from "drizzle-orm";
import { drizzle } from "drizzle-orm/node-postgres";
import express from "express";
import { createTenancy } from "kirayedar";
import { tenantDrizzle } from "kirayedar/drizzle";
import { tenantMiddleware } from "kirayedar/express";
import { pg } from "kirayedar/pg";
import { notes } from "./schema.ts";

const tenancy = createTenancy({
  database: pg({ connectionString: process.env["DATABASE_URL"] }),
  migrations: { tenant: join(import.meta.dirname, "migrations/tenant") },
  primaryDomain: "localhost",
});
const { db, forTenant } = tenantDrizzle(tenancy, (pool) =>
  drizzle({ client: pool, schema: { notes } }),
);

await tenancy.migrateGlobal();
for (const slug of ["acme", "globex"]) {
  await tenancy.create(slug, { ifExists: "keep" });
  // No request is here that would say whose notes they are.
  const tenantDb = await forTenant(slug);
  if ((await tenantDb.$count(notes)) === 0) {
    await tenantDb.insert(notes).values({ text: `Welcome to ${slug}` });
  }
}

const app = express();
app.use(express.json());
app.use(tenantMiddleware(tenancy));

app.get("/notes", async (_request, response) => {
  response.json(await db.query.notes.findMany({ orderBy: asc(notes.id) }));
});

app.post("/notes", async (request, response) => {
  const { text } = request.body as { text: string };
  const [note] = await db.insert(notes).values({ text }).returning();
  response.status(201).json(note);
});

const server = app.listen(Number(process.env["PORT"] ?? 3000), () => {
  const { port } = server.address() as { port: number };
  console.log(`Listening on http://localhost:${port}`);
  for (const slug of ["acme", "globex"]) console.log(`  http://${slug}.localhost:${port}/notes`);
});

process.once("SIGTERM", () => {
  server.close(() => void tenancy.close());
  server.closeAllConnections();
});
