import { join } from "node:path";
import express from "express";
import { createTenancy } from "kirayedar";
import { tenantMiddleware } from "kirayedar/express";
import { pg } from "kirayedar/pg";
import { tenantSequelize } from "kirayedar/sequelize";
import { DataTypes, Sequelize } from "sequelize";

const tenancy = createTenancy({
  database: pg({ connectionString: process.env["DATABASE_URL"] }),
  migrations: { tenant: join(import.meta.dirname, "migrations/tenant") },
  primaryDomain: "localhost",
});
const { sequelize } = tenantSequelize(
  tenancy,
  () => new Sequelize({ dialect: "postgres", logging: false }),
);
const Note = sequelize.define(
  "Note",
  {
    id: { autoIncrement: true, primaryKey: true, type: DataTypes.BIGINT },
    text: { allowNull: false, type: DataTypes.TEXT },
  },
  { tableName: "notes", timestamps: false },
);

await tenancy.migrateGlobal();
for (const slug of ["acme", "globex"]) await tenancy.create(slug, { ifExists: "keep" });

const app = express();
app.use(express.json());
app.use(tenantMiddleware(tenancy));

app.get("/notes", async (_request, response) => {
  response.json(await Note.findAll({ order: ["id"] }));
});

app.post("/notes", async (request, response) => {
  const { text } = request.body as { text: string };
  response.status(201).json(await Note.create({ text }));
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
