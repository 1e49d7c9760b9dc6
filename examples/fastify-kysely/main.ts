import { join } from "node:path";
import Fastify from "fastify";
import { createTenancy } from "kirayedar";
import { tenantPlugin } from "kirayedar/fastify";
import { tenantKysely } from "kirayedar/kysely";
import { pg } from "kirayedar/pg";
import { type Generated, Kysely, PostgresDialect } from "kysely";

interface Database {
  notes: { id: Generated<string>; text: string };
}

const tenancy = createTenancy({
  database: pg({ connectionString: process.env["DATABASE_URL"] }),
  migrations: { tenant: join(import.meta.dirname, "migrations/tenant") },
  primaryDomain: "localhost",
});

const { db, forTenant } = tenantKysely(
  tenancy,
  (pool) => new Kysely<Database>({ dialect: new PostgresDialect({ pool }) }),
);

await tenancy.migrateGlobal();
for (const slug of ["acme", "globex"]) await tenancy.create(slug, { ifExists: "keep" });

const app = Fastify({ forceCloseConnections: true });
await app.register(tenantPlugin, { tenancy });

app.get("/notes", () => db.selectFrom("notes").selectAll().orderBy("id").execute());

app.post<{ Body: { text: string } }>("/notes", async (request, reply) => {
  const insert = db.insertInto("notes").values({ text: request.body.text }).returningAll();
  return reply.code(201).send(await insert.executeTakeFirstOrThrow());
});

process.once("SIGTERM", () => {
  void app.close().then(() => tenancy.close());
});

await app.listen({ port: Number(process.env["PORT"] ?? 3000) });
const { port } = app.server.address() as { port: number };
console.log(`Listening on http://localhost:${port}`);
for (const slug of ["acme", "globex"]) {
  // Outside a request there is no scope: the explicit form says whose notes they are.
  const bound = await forTenant(slug);
  const { length } = await bound.selectFrom("notes").select("id").execute();
  console.log(`  http://${slug}.localhost:${port}/notes (${length} so far)`);
}
