import { drizzle } from "drizzle-orm/node-postgres";
import { integer, pgTable, text } from "drizzle-orm/pg-core";

export const notes = pgTable("notes", {
  id: integer().primaryKey().generatedByDefaultAsIdentity(),
  text: text().notNull(),
});

export const db = drizzle(process.env.DATABASE_URL ?? "", { schema: { notes } });
