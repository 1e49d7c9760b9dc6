import { outsideScope } from "../../core/scope.ts";
import type { OpenWire } from "../mysql/wire-pool.ts";
import { lost } from "./connection-state.ts";
import type { ClientModule, RawConnection } from "./peer.ts";
import { readFirst } from "./read-first.ts";
import { resetSession, restoreTextOf } from "./reset-session.ts";

/** What this driver's own statements rely on, whatever the server's default is. */
const AUTOCOMMIT = "autocommit = 1";

/** Opens a connection apart from the application's pool: without a database, and outside any scope. */
export async function openWire(mysql2: ClientModule, options: object): Promise<OpenWire> {
  const connection = await connect(mysql2, options);
  const wire = toWire(connection, restoreTextOf(mysql2, connection.config));
  try {
    await wire.query(`set ${AUTOCOMMIT}`);
    return wire;
  } catch (error) {
    wire.close();
    throw error;
  }
}

function toWire(connection: RawConnection, restoreText: string | undefined): OpenWire {
  let isOpen = true;
  const lose = (): void => {
    isOpen = false;
  };
  connection.on("error", lose);
  connection.on("end", lose);
  connection.stream.once("close", lose);
  return {
    close: () => {
      isOpen = false;
      connection.destroy();
    },
    format: (text, params) => connection.format(text, params),
    isOpen: () => isOpen,
    keepAlive: (keeps) => (keeps ? connection.stream.ref?.() : connection.stream.unref?.()),
    query: (text, params = []) =>
      new Promise((resolve, reject) => {
        if (!isOpen) return reject(lost());
        connection.query(text, params, (error: Error | null, result: unknown, fields: unknown) =>
          error ? reject(error) : resolve(readFirst(result, fields)),
        );
      }),
    queryMany: (text) =>
      new Promise((resolve, reject) => {
        if (!isOpen) return reject(lost());
        connection.query(text, [], (error: Error | null, results: unknown) =>
          error
            ? reject(error)
            : resolve((results as unknown[]).map((result) => readFirst(result, undefined))),
        );
      }),
    reset: async () => {
      if (!isOpen || restoreText === undefined) throw lost();
      await resetSession(connection, `${restoreText}, ${AUTOCOMMIT}`);
    },
  };
}

function connect(mysql2: ClientModule, options: object): Promise<RawConnection> {
  return new Promise((resolve, reject) => {
    outsideScope(() => {
      // What the address names is left out afterwards, as it is read when the server has said hello.
      const connection = mysql2.createConnection(options);
      connection.config.database = undefined;
      connection.on("error", reject);
      connection.connect((error) => (error ? reject(error) : resolve(connection)));
    });
  });
}
