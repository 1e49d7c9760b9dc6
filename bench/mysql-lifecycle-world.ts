import { spawn } from "node:child_process";
import { closeSync, openSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import mysql from "mysql2/promise";
import {
  createMysqlDatabase,
  type TestMysqlDatabase,
} from "../test/support/create-mysql-database.ts";
import { startMysql } from "../test/support/mysql-server.ts";
import { findProgram } from "../test/support/unprivileged.ts";

/** As a real server writes: a commit is on the disk when it is answered. */
const DURABLE_SETTINGS: Readonly<Record<string, string>> = {
  innodb_doublewrite: "on",
  innodb_flush_log_at_trx_commit: "1",
  innodb_flush_method: "fsync",
  loose_innodb_log_file_size: "96M",
  loose_sync_frm: "on",
};

/** A server on which databases are made and removed. */
export interface LifecycleWorld {
  /** A connection that knows no tenants, in no database. */
  readonly plain: mysql.Connection;
  /** The server's own command-line client, if it is installed. */
  readonly client: CommandLineClient | undefined;
  /** Makes an empty database for a registry, and a prefix for its tenants' databases. */
  database(): Promise<TestMysqlDatabase>;
  /** Opens another connection like `plain`. */
  connect(): Promise<mysql.Connection>;
  /** Removes everything. */
  close(): Promise<void>;
}

/** Runs scripts as people do: the program reads the file, and sends one statement after the other. */
export interface CommandLineClient {
  /** Runs a script. */
  run(script: string): Promise<void>;
}

/** Starts a server that writes as a real one does, or says in a line why there is none. */
export async function createLifecycleWorld(): Promise<LifecycleWorld | { unavailable: string }> {
  const server = await startMysql({ settings: DURABLE_SETTINGS });
  if ("unavailable" in server) return server;
  const connect = (): Promise<mysql.Connection> => mysql.createConnection(server.url);
  const folder = await mkdtemp(join(tmpdir(), "kirayedar-bench-"));
  const program = findProgram("mariadb") ?? findProgram("mysql");
  const databases: TestMysqlDatabase[] = [];
  const plain = await connect();
  return {
    client: program === undefined ? undefined : clientOf(program, server.url, folder),
    close: async () => {
      await plain.end();
      for (const database of databases) await database.drop();
      await server.stop();
      await rm(folder, { force: true, recursive: true });
    },
    connect,
    database: async () => {
      const database = await createMysqlDatabase(server.url);
      databases.push(database);
      return database;
    },
    plain,
  };
}

function clientOf(program: string, url: string, folder: string): CommandLineClient {
  const { hostname, password, port, username } = new URL(url);
  const args = ["--no-defaults", "--protocol=tcp", `--host=${hostname}`, `--port=${port}`];
  const file = join(folder, "script.sql");
  return {
    run: async (script) => {
      writeFileSync(file, script);
      const input = openSync(file, "r");
      try {
        const child = spawn(program, [...args, `--user=${username}`], {
          env: { ...process.env, MYSQL_PWD: password },
          stdio: [input, "ignore", "inherit"],
        });
        const code = await new Promise<number | null>((resolve, reject) => {
          child.once("error", reject);
          child.once("close", resolve);
        });
        if (code !== 0) throw new Error(`${program} ended with ${code}.`);
      } finally {
        closeSync(input);
      }
    },
  };
}
