import { join } from "node:path";
import { H3, readBody, serve } from "h3";
import { createTenancy } from "kirayedar";
import { tenantMiddleware } from "kirayedar/h3";
import { pg } from "kirayedar/pg";

const tenancy = createTenancy({
  database: pg({ connectionString: process.env["DATABASE_URL"] }),
  migrations: { tenant: join(import.meta.dirname, "migrations/tenant") },
  primaryDomain: "localhost",
});

await tenancy.migrateGlobal();
for (const slug of ["acme", "globex"]) await tenancy.create(slug, { ifExists: "keep" });

const app = new H3();
app.use(tenantMiddleware(tenancy));

app.get("/notes", async () => {
  const { rows } = await tenancy.pool.query("select id, text from notes order by id");
  return rows;
});

app.post("/notes", async (event) => {
  const { text } = (await readBody(event)) as { text: string };
  const insert = "insert into notes (text) values ($1) returning id, text";
  const { rows } = await tenancy.pool.query(insert, [text]);
  event.res.status = 201;
  return rows[0];
});

const server = serve(app, {
  gracefulShutdown: false,
  port: Number(process.env["PORT"] ?? 3000),
  silent: true,
});
await server.ready();
const { port } = new URL(server.url ?? "");
console.log(`Listening on http://localhost:${port}`);
for (const slug of ["acme", "globex"]) console.log(`  http://${slug}.localhost:${port}/notes`);

process.once("SIGTERM", () => void server.close(true).then(() => tenancy.close()));
