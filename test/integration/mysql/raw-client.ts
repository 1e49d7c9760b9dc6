import mysql2, { type ConnectionOptions } from "mysql2/promise";
import type { Statement } from "../../../src/core/dialect.ts";
import { mysql } from "../../../src/dialects/mysql/index.ts";

/** A row of any statement. */
export type Row = Record<string, unknown>;

/** A plain connection, which refuses several statements in one text. */
export interface RawClient {
  /** Sends one statement with its parameters in the text. */
  query(statement: Statement | string): Promise<Row[]>;
  /** Does the same with a statement that the server has prepared. */
  execute(statement: Statement): Promise<Row[]>;
  /** Sends a script statement by statement. */
  script(text: string): Promise<void>;
  end(): Promise<void>;
}

/** Opens a connection to the server, in no database. */
export async function openRawClient(
  url: string,
  options: ConnectionOptions = {},
): Promise<RawClient> {
  const connection = await mysql2.createConnection({ uri: url, ...options });
  const run = async (how: "query" | "execute", { params, text }: Statement): Promise<Row[]> => {
    const values = [...params] as string[];
    const [rows] = await (how === "query"
      ? connection.query(text, values)
      : connection.execute(text, values));
    return Array.isArray(rows) ? (rows as Row[]) : [];
  };
  const query = (statement: Statement | string): Promise<Row[]> =>
    run("query", typeof statement === "string" ? { params: [], text: statement } : statement);
  return {
    end: () => connection.end(),
    execute: (statement) => run("execute", statement),
    query,
    script: async (text) => {
      for (const statement of mysql.script.split(text)) await query(statement.text);
    },
  };
}
