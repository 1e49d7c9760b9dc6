import { createServer } from "node:http";
import { join } from "node:path";
import { initTRPC } from "@trpc/server";
import { createHTTPHandler } from "@trpc/server/adapters/standalone";
import { createTenancy } from "kirayedar";
import { withTenant } from "kirayedar/node";
import { pg } from "kirayedar/pg";
import { tenantContext, tenantScope, type TenantContext } from "kirayedar/trpc";

interface Note {
  readonly id: string;
  readonly text: string;
}

const tenancy = createTenancy({
  database: pg({ connectionString: process.env["DATABASE_URL"] }),
  migrations: { tenant: join(import.meta.dirname, "migrations/tenant") },
  primaryDomain: "localhost",
});

await tenancy.migrateGlobal();
for (const slug of ["acme", "globex"]) await tenancy.create(slug, { ifExists: "keep" });

const t = initTRPC.context<TenantContext>().create();
const tenantProcedure = t.procedure.use(tenantScope(tenancy));

const router = t.router({
  addNote: tenantProcedure.input(toText).mutation(({ input }) => addNote(input)),
  notes: tenantProcedure.query(() => listNotes()),
  whoAmI: tenantProcedure.query(({ ctx }) => ctx.tenant.slug),
});

/** What clients import the type of. */
export type AppRouter = typeof router;

function toText(value: unknown): string {
  if (typeof value === "string") return value;
  throw new Error("A note is text.");
}

async function listNotes(): Promise<Note[]> {
  const { rows } = await tenancy.pool.query<Note>("select id, text from notes order by id");
  return rows;
}

async function addNote(text: string): Promise<Note | undefined> {
  const insert = "insert into notes (text) values ($1) returning id, text";
  const { rows } = await tenancy.pool.query<Note>(insert, [text]);
  return rows[0];
}

const trpc = createHTTPHandler({
  basePath: "/trpc/",
  createContext: tenantContext(tenancy),
  router,
});

/** A route beside the procedures, for everybody who does not speak tRPC. */
const notes = withTenant(tenancy, async (request, response) => {
  try {
    const isPost = request.method === "POST";
    let body = "";
    for await (const chunk of request) body += String(chunk);
    const answer = isPost ? await addNote((JSON.parse(body) as Note).text) : await listNotes();
    response.writeHead(isPost ? 201 : 200, { "content-type": "application/json" });
    response.end(JSON.stringify(answer));
  } catch (error) {
    // Nobody else catches it, and the process would end.
    console.error(error);
    response.writeHead(500).end();
  }
});

const server = createServer((request, response) => {
  if (request.url?.startsWith("/trpc/") === true) trpc(request, response);
  else notes(request, response);
});

server.listen(Number(process.env["PORT"] ?? 3000), () => {
  const { port } = server.address() as { port: number };
  console.log(`Listening on http://localhost:${port}`);
  for (const slug of ["acme", "globex"]) console.log(`  http://${slug}.localhost:${port}/notes`);
});

process.once("SIGTERM", () => {
  server.close(() => void tenancy.close());
  server.closeAllConnections();
});
