import { type Generated, Kysely, PostgresDialect } from "kysely";
import pg from "pg";

export interface Database {
  notes: { id: Generated<number>; text: string };
}

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL });

export const db = new Kysely<Database>({ dialect: new PostgresDialect({ pool }) });
