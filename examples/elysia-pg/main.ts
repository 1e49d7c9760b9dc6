import { join } from "node:path";
import { node } from "@elysiajs/node";
import { Elysia, t } from "elysia";
import { createTenancy } from "kirayedar";
import { tenantPlugin } from "kirayedar/elysia";
import { pg } from "kirayedar/pg";

const tenancy = createTenancy({
  database: pg({ connectionString: process.env["DATABASE_URL"] }),
  migrations: { tenant: join(import.meta.dirname, "migrations/tenant") },
  primaryDomain: "localhost",
});

await tenancy.migrateGlobal();
for (const slug of ["acme", "globex"]) await tenancy.create(slug, { ifExists: "keep" });

const app = new Elysia({ adapter: node() })
  .use(tenantPlugin(tenancy))
  .get("/notes", async () => {
    const { rows } = await tenancy.pool.query("select id, text from notes order by id");
    return rows;
  })
  .post(
    "/notes",
    async ({ body, status }) => {
      const insert = "insert into notes (text) values ($1) returning id, text";
      const { rows } = await tenancy.pool.query(insert, [body.text]);
      return status(201, rows[0]);
    },
    { body: t.Object({ text: t.String() }) },
  );

/** The adapter for Node keeps its server here. */
interface NodeServer {
  readonly url: string;
  ready(): Promise<unknown>;
  close(closeAll: boolean): Promise<void>;
}

const options = { gracefulShutdown: false, port: Number(process.env["PORT"] ?? 3000) };
const server = await new Promise<NodeServer>((resolve) => {
  app.listen(options, (started) => resolve((started as unknown as { raw: NodeServer }).raw));
});
await server.ready();
const { port } = new URL(server.url);
console.log(`Listening on http://localhost:${port}`);
for (const slug of ["acme", "globex"]) console.log(`  http://${slug}.localhost:${port}/notes`);

process.once("SIGTERM", () => void server.close(true).then(() => tenancy.close()));
