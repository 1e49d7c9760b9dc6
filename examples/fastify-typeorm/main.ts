import { join } from "node:path";
import fastify from "fastify";
import { createTenancy } from "kirayedar";
import { tenantPlugin } from "kirayedar/fastify";
import { pg } from "kirayedar/pg";
import { tenantTypeorm } from "kirayedar/typeorm";
import { DataSource, EntitySchema } from "typeorm";

class Note {
  id!: number;
  text!: string;
}

const notes = new EntitySchema({
  name: "Note",
  target: Note,
  tableName: "notes",
  columns: {
    id: { type: "int", primary: true, generated: "increment" },
    text: { type: "text" },
  },
});

const tenancy = createTenancy({
  database: pg({ connectionString: process.env["DATABASE_URL"] }),
  migrations: { tenant: join(import.meta.dirname, "migrations/tenant") },
  primaryDomain: "localhost",
});

const { dataSource, forTenant } = tenantTypeorm(
  tenancy,
  (driver) => new DataSource({ type: "postgres", driver, entities: [notes] }),
);
await dataSource.initialize();

await tenancy.migrateGlobal();
for (const slug of ["acme", "globex"]) {
  await tenancy.create(slug, { ifExists: "keep" });
  // A job names its tenant; a request has it already.
  const manager = await forTenant(slug);
  if (!(await manager.existsBy(Note, {}))) await manager.save(Note, { text: `Hello, ${slug}` });
}

const app = fastify();
await app.register(tenantPlugin, { tenancy });

app.get("/notes", () => dataSource.getRepository(Note).find({ order: { id: "asc" } }));

app.post<{ Body: { text: string } }>("/notes", async (request, reply) => {
  const { text } = request.body;
  return reply.code(201).send(await dataSource.getRepository(Note).save({ text }));
});

const address = await app.listen({ port: Number(process.env["PORT"] ?? 3000) });
const { port } = new URL(address);
console.log(`Listening on http://localhost:${port}`);
for (const slug of ["acme", "globex"]) console.log(`  http://${slug}.localhost:${port}/notes`);

process.once("SIGTERM", () => {
  void app.close().then(() => tenancy.close());
});
