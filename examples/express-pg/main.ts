import { join } from "node:path";
import express from "express";
import { createTenancy } from "kirayedar";
import { tenantMiddleware } from "kirayedar/express";
import { pg } from "kirayedar/pg";

const tenancy = createTenancy({
  database: pg({ connectionString: process.env["DATABASE_URL"] }),
  migrations: { tenant: join(import.meta.dirname, "migrations/tenant") },
  primaryDomain: "localhost",
});

await tenancy.migrateGlobal();
for (const slug of ["acme", "globex"]) await tenancy.create(slug, { ifExists: "keep" });

const app = express();
app.use(express.json());
app.use(tenantMiddleware(tenancy));

app.get("/notes", async (_request, response) => {
  const { rows } = await tenancy.pool.query("select id, text from notes order by id");
  response.json(rows);
});

app.post("/notes", async (request, response) => {
  const { text } = request.body as { text: string };
  const insert = "insert into notes (text) values ($1) returning id, text";
  const { rows } = await tenancy.pool.query(insert, [text]);
  response.status(201).json(rows[0]);
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
