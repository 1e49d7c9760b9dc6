import { join } from "node:path";
import { createPostgresBackend, type Job, Queue, Worker } from "bullmq";
import express from "express";
import { createTenancy } from "kirayedar";
import { tenantProcessor, tenantQueue } from "kirayedar/bullmq";
import { tenantMiddleware } from "kirayedar/express";
import { pg } from "kirayedar/pg";

const connectionString = process.env["DATABASE_URL"] ?? "";
const tenancy = createTenancy({
  database: pg({ connectionString }),
  migrations: { tenant: join(import.meta.dirname, "migrations/tenant") },
  primaryDomain: "localhost",
});

await tenancy.migrateGlobal();
for (const slug of ["acme", "globex"]) await tenancy.create(slug, { ifExists: "keep" });

interface Note {
  readonly id: number;
}

// BullMQ keeps its jobs in PostgreSQL here, so that the example needs no Redis. With Redis leave out
// `createPostgresBackend`, and let `connection` say where it is.
const connection = { connectionString, max: 5, migrate: true, schema: "bullmq" };
const queue = new Queue("count-words", { connection }, createPostgresBackend);
const jobs = tenantQueue(tenancy, queue);

const worker = new Worker(
  "count-words",
  tenantProcessor(tenancy, async ({ data }: Job<Note>) => {
    const count = "update notes set words = cardinality(string_to_array(text, ' ')) where id = $1";
    await tenancy.query(count, [data.id]);
  }),
  { concurrency: 10, connection },
  createPostgresBackend,
);
queue.on("error", (error) => console.error(error));
worker.on("error", (error) => console.error(error));

const app = express();
app.use(express.json());
app.use(tenantMiddleware(tenancy));

app.get("/notes", async (_request, response) => {
  const { rows } = await tenancy.query("select id, text, words from notes order by id");
  response.json(rows);
});

app.post("/notes", async (request, response) => {
  const { text } = request.body as { text: string };
  const insert = "insert into notes (text) values ($1) returning id, text";
  const { rows } = await tenancy.query<Note>(insert, [text]);
  for (const { id } of rows) await jobs.add("note", { id });
  response.status(201).json(rows[0]);
});

const server = app.listen(Number(process.env["PORT"] ?? 3000), () => {
  const { port } = server.address() as { port: number };
  console.log(`Listening on http://localhost:${port}`);
  for (const slug of ["acme", "globex"]) console.log(`  http://${slug}.localhost:${port}/notes`);
});

async function stop(): Promise<void> {
  server.close();
  server.closeAllConnections();
  // Jobs that run still need the tenancy.
  await worker.close();
  await queue.close();
  await tenancy.close();
}

process.once("SIGTERM", () => void stop());
