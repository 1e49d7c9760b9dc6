import { createServer } from "node:http";
import { join } from "node:path";
import DataLoader from "dataloader";
import { createSchema, createYoga } from "graphql-yoga";
import { createTenancy } from "kirayedar";
import { tenantLoaders } from "kirayedar/graphql";
import { withTenant } from "kirayedar/node";
import { pg } from "kirayedar/pg";

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

/** However many notes a query asks for by id, they are read at once, from the request's tenant. */
const loaders = tenantLoaders(tenancy, () => ({
  notes: new DataLoader(async (ids: readonly string[]) => {
    const select = "select id, text from notes where id = any($1)";
    const { rows } = await tenancy.pool.query<Note>(select, [ids]);
    return ids.map((id) => rows.find((note) => note.id === id));
  }),
}));

interface Context {
  readonly loaders: ReturnType<typeof loaders>;
}

const yoga = createYoga({
  context: (): Context => ({ loaders: loaders() }),
  schema: createSchema<Context>({
    resolvers: {
      Mutation: { addNote: (_, { text }: { text: string }) => addNote(text) },
      Query: {
        note: (_, { id }: { id: string }, context) => context.loaders.notes.load(id),
        notes: () => listNotes(),
      },
    },
    typeDefs: `
      type Note { id: ID!, text: String! }
      type Query { notes: [Note!]!, note(id: ID!): Note }
      type Mutation { addNote(text: String!): Note! }
    `,
  }),
});

async function listNotes(): Promise<Note[]> {
  const { rows } = await tenancy.pool.query<Note>("select id, text from notes order by id");
  return rows;
}

async function addNote(text: string): Promise<Note | undefined> {
  const insert = "insert into notes (text) values ($1) returning id, text";
  const { rows } = await tenancy.pool.query<Note>(insert, [text]);
  return rows[0];
}

// The scope is entered once, in front of everything: GraphQL, and a route beside it.
const server = createServer(
  withTenant(tenancy, async (request, response) => {
    if (request.url !== "/notes") return yoga(request, response);
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
  }),
);

server.listen(Number(process.env["PORT"] ?? 3000), () => {
  const { port } = server.address() as { port: number };
  console.log(`Listening on http://localhost:${port}`);
  for (const slug of ["acme", "globex"]) console.log(`  http://${slug}.localhost:${port}/graphql`);
});

process.once("SIGTERM", () => {
  server.close(() => void tenancy.close());
  server.closeAllConnections();
});
