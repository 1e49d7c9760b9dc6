import { join } from "node:path";
import { createTenancy, tenantOf } from "kirayedar";
import { tenantKnex } from "kirayedar/knex";
import { tenantMiddleware } from "kirayedar/koa";
import { tenantModel } from "kirayedar/objection";
import { pg } from "kirayedar/pg";
import createKnex from "knex";
import Koa from "koa";
import { Model } from "objection";

const tenancy = createTenancy({
  database: pg({ connectionString: process.env["DATABASE_URL"] }),
  migrations: { tenant: join(import.meta.dirname, "migrations/tenant") },
  primaryDomain: "localhost",
});

const { knex } = tenantKnex(tenancy, (pool) => createKnex({ client: "pg", connectionPool: pool }));

class Note extends tenantModel(tenancy, Model) {
  static override tableName = "notes";
  declare id: string;
  declare text: string;
}
Note.knex(knex);

await tenancy.migrateGlobal();
for (const slug of ["acme", "globex"]) await tenancy.create(slug, { ifExists: "keep" });

const app = new Koa();
app.use(tenantMiddleware(tenancy));

app.use(async (context) => {
  if (context.path !== "/notes") return;
  if (context.method === "GET") {
    context.body = await Note.query().orderBy("id");
  } else if (context.method === "POST") {
    const chunks = (await context.req.toArray()) as Buffer[];
    const { text } = JSON.parse(Buffer.concat(chunks).toString()) as { text: string };
    const note = await Note.query().insert({ text });
    console.log(`a note of ${tenantOf(note)?.slug}`);
    context.status = 201;
    context.body = note;
  }
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
