import { join } from "node:path";
import express from "express";
import { makeWorkerUtils, run } from "graphile-worker";
import { createTenancy } from "kirayedar";
import { tenantMiddleware } from "kirayedar/express";
import { tenantJobs, tenantTasks } from "kirayedar/graphile-worker";
import { pg } from "kirayedar/pg";
import { Pool } from "pg";

// Graphile Worker's own way to say what each task gets; `addJob` and the task below keep to it.
declare global {
  namespace GraphileWorker {
    interface Tasks {
      countWords: { id: number };
    }
  }
}

const connectionString = process.env["DATABASE_URL"];
const tenancy = createTenancy({
  database: pg({ connectionString }),
  migrations: { tenant: join(import.meta.dirname, "migrations/tenant") },
  primaryDomain: "localhost",
});

await tenancy.migrateGlobal();
for (const slug of ["acme", "globex"]) await tenancy.create(slug, { ifExists: "keep" });

// The queue is one for all tenants, in a schema of its own, on a pool that knows of no tenants.
const pgPool = new Pool({ connectionString, max: 5 });
pgPool.on("error", (error) => console.error(error));
pgPool.on("connect", (client) => client.on("error", (error) => console.error(error)));
const utils = await makeWorkerUtils({ pgPool });
await utils.migrate();
const jobs = tenantJobs(tenancy, utils);

const runner = await run({
  noHandleSignals: true,
  pgPool,
  taskList: tenantTasks(tenancy, {
    countWords: async ({ id }) => {
      const count =
        "update notes set words = cardinality(string_to_array(text, ' ')) where id = $1";
      await tenancy.query(count, [id]);
    },
  }),
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
    for (const { id } of rows) await jobs.within(tx).addJob("countWords", { id });
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
  await runner.stop();
  await utils.release();
  await pgPool.end();
  await tenancy.close();
}

process.once("SIGTERM", () => void stop());
