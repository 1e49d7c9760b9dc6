import { createServer } from "node:http";
import { join } from "node:path";
import { createTenancy } from "kirayedar";
import { withTenant } from "kirayedar/node";
import { pg } from "kirayedar/pg";
import { tenantHandshake, tenantRooms } from "kirayedar/socket-io";
import { Server } from "socket.io";

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

async function listNotes(): Promise<Note[]> {
  const { rows } = await tenancy.pool.query<Note>("select id, text from notes order by id");
  return rows;
}

/** Adds a note, and tells every open page of the tenant, and of no other. */
async function addNote(text: string): Promise<Note | undefined> {
  const insert = "insert into notes (text) values ($1) returning id, text";
  const { rows } = await tenancy.pool.query<Note>(insert, [text]);
  tenantRooms(tenancy, io).emit("note", rows[0]);
  return rows[0];
}

const PAGE = `<!doctype html><title>Notes</title><form><input name="text" autofocus></form><ul></ul>
<script src="/socket.io/socket.io.js"></script>
<script>
  const socket = io();
  const show = ({ text }) => document.querySelector("ul").append(Object.assign(document.createElement("li"), { textContent: text }));
  socket.on("connect", async () => { document.querySelector("ul").replaceChildren(); (await socket.emitWithAck("notes")).forEach(show); });
  socket.on("note", show);
  document.forms[0].onsubmit = (event) => { event.preventDefault(); socket.emit("add", event.target.text.value); event.target.reset(); };
</script>`;

const server = createServer(
  withTenant(tenancy, async (request, response) => {
    if (request.url !== "/notes") {
      response.writeHead(200, { "content-type": "text/html" });
      response.end(PAGE);
      return;
    }
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

const io = new Server(server);
io.use(tenantHandshake(tenancy));
io.on("connection", (socket) => {
  // A client may send anything, and what a listener throws would end the process.
  socket.on("notes", (reply: unknown) => {
    if (typeof reply === "function") listNotes().then((notes) => reply(notes), console.error);
  });
  socket.on("add", (text: unknown) => {
    if (typeof text === "string") addNote(text).catch(console.error);
  });
});

server.listen(Number(process.env["PORT"] ?? 3000), () => {
  const { port } = server.address() as { port: number };
  console.log(`Listening on http://localhost:${port}`);
  for (const slug of ["acme", "globex"]) console.log(`  http://${slug}.localhost:${port}/`);
});

process.once("SIGTERM", () => {
  void io.close(() => void tenancy.close());
  server.closeAllConnections();
});
