import { join } from "node:path";
import express from "express";
import { createTenancy } from "kirayedar";
import { tenantMiddleware } from "kirayedar/express";
import { pg } from "kirayedar/pg";
import { tenantBoss, transactionDb } from "kirayedar/pg-boss";
import { type Job, PgBoss } from "pg-boss";

const connectionString = process.env["DATABASE_URL"] ?? "";
const tenancy = createTenancy({
  database: pg({ connectionString }),
  migrations: { tenant: join(import.meta.dirname, "migrations/tenant") },
  primaryDomain: "localhost",
});

await tenancy.migrateGlobal();
for (const slug of ["acme", "globex"]) await tenancy.create(slug, { ifExists: "keep" });

// The queue is one for all tenants, in a schema of its own, on connections that know of no tenants.
const boss = new PgBoss({ connectionString, max: 5 });
boss.on("error", (error) => console.error(error));
await boss.start();
await boss.createQueue("count-words");
const jobs = tenantBoss(tenancy, boss);

const options = { batchSize: 10, pollingIntervalSeconds: 0.5 };
await jobs.work("count-words", options, async ({ data }: Job<{ id: number }>) => {
  const count = "update notes set words = cardinality(string_to_array(text, ' ')) where id = $1";
  await tenancy.query(count, [data.id]);
});

const app = express();
app.use(express.json());
app.use(tenantMiddleware(tenancy));

app.get("/notes", async (_request, response) => {
  const { rows } = await tenancy.query("select id, text, words from notes order by id");
  response.json(rows);
});

app.post("/notes", async (request, response) => {
  const { text } = request.body as { text: string };
  // The job is there when the note is, and never without it.
  const note = await tenancy.transaction(async (tx) => {
    const insert = "insert into notes (text) values ($1) returning id, text";
    const { rows } = await tx.query<{ id: number }>(insert, [text]);
    await jobs.send("count-words", { id: rows[0]?.id }, { db: transactionDb(tx) });
    return rows[0];
  });
  response.status(201).json(note);
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
  await boss.stop({ graceful: true });
  await tenancy.close();
}

process.once("SIGTERM", () => void stop());
