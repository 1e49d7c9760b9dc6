import { bigint, pgTable, text } from "drizzle-orm/pg-core";

export const notes = pgTable("notes", {
  id: bigint("id", { mode: "number" }).primaryKey().generatedAlwaysAsIdentity(),
  text: text("text").notNull(),
});
