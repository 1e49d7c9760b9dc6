import { join } from "node:path";
import { serve } from "@hono/node-server";
import { Hono } from "hono";
import { createTenancy } from "kirayedar";
import { type TenantEnv, tenantMiddleware } from "kirayedar/hono";
import { pg } from "kirayedar/pg";
import { tenantSql } from "kirayedar/postgres-js";
import postgres from "postgres";

const url = process.env["DATABASE_URL"] ?? "";

// Tenants are made and migrated through `pg`; the application queries through postgres.js.
const tenancy = createTenancy({
  database: pg({ connectionString: url, max: 2 }),
  migrations: { tenant: join(import.meta.dirname, "migrations/tenant") },
  primaryDomain: "localhost",
});
const sql = tenantSql(tenancy, postgres(url));

await tenancy.migrateGlobal();
for (const slug of ["acme", "globex"]) await tenancy.create(slug, { ifExists: "keep" });

const app = new Hono<TenantEnv>();
app.use(tenantMiddleware(tenancy));

app.get("/notes", async (context) =>
  context.json(await sql`select id, text from notes order by id`),
);

app.post("/notes", async (context) => {
  const { text } = await context.req.json<{ text: string }>();
  const [note] = await sql`insert into notes ${sql({ text })} returning id, text`;
  return context.json(note, 201);
});

const server = serve(
  { fetch: app.fetch, port: Number(process.env["PORT"] ?? 3000) },
  ({ port }) => {
    console.log(`Listening on http://localhost:${port}`);
    for (const slug of ["acme", "globex"]) console.log(`  http://${slug}.localhost:${port}/notes`);
  },
);

process.once("SIGTERM", () => {
  server.close(() => void Promise.all([sql.end(), tenancy.close()]));
});
