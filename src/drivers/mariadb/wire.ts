import { connect, type Socket } from "node:net";
import { type Connection, type ConnectionConfig, createConnection } from "mariadb";
import type { OpenWire } from "../mysql/wire-pool.ts";
import { PLAIN_OPTIONS, toQueryResult } from "./results.ts";
import { readSettings, restoreSettings, type SessionSettings } from "./session-settings.ts";

/** What this driver's own statements rely on, whatever the server's default is. */
const AUTOCOMMIT = "set autocommit = 1";

/**
 * Opens a connection apart from the application's pool.
 *
 * @param multipleStatements - whether it takes several statements in one text
 */
export async function openWire(
  config: ConnectionConfig,
  multipleStatements = false,
): Promise<OpenWire> {
  const sockets = new SocketMaker(config);
  const connection = await createConnection({
    ...config,
    database: undefined as never,
    multipleStatements,
    prepareCacheLength: 0,
    socketPath: undefined as never,
    stream: sockets.make,
  });
  // What is lost is noticed by whoever uses it next; without a listener it would end the process.
  connection.on("error", () => undefined);
  try {
    await connection.query(AUTOCOMMIT);
    return toWire(connection, sockets, await readSettings(connection));
  } catch (error) {
    connection.destroy();
    throw error;
  }
}

function toWire(
  connection: Connection,
  sockets: SocketMaker,
  settings: SessionSettings | undefined,
): OpenWire {
  return {
    close: () => {
      if (connection.isValid()) connection.destroy();
    },
    isOpen: () => connection.isValid(),
    keepAlive: (keeps) => {
      if (keeps) sockets.first?.ref();
      else sockets.first?.unref();
    },
    query: async <Row>(sql: string, params?: readonly unknown[]) => {
      const values = params === undefined || params.length === 0 ? undefined : params;
      return toQueryResult<Row>(await connection.query({ ...PLAIN_OPTIONS, sql }, values));
    },
    queryMany: async (sql: string) => {
      const answers: unknown[] = await connection.query({ ...PLAIN_OPTIONS, sql });
      return answers.map((answer) => toQueryResult([answer]));
    },
    reset: async () => {
      await connection.reset();
      if (settings !== undefined) await restoreSettings(connection, settings);
      await connection.query(AUTOCOMMIT);
    },
  };
}

type OnSocket = (error?: Error, socket?: Socket) => void;

/** Makes the sockets of one connection in the library's place, which never tells which it has. */
class SocketMaker {
  readonly #config: ConnectionConfig;
  /** The connection's own; the library makes another one to end a statement that runs. */
  first: Socket | undefined;

  constructor(config: ConnectionConfig) {
    this.#config = config;
  }

  readonly make = (callback?: OnSocket): Socket | undefined => {
    const { host = "localhost", port = 3306, socketPath, stream } = this.#config;
    if (stream !== undefined) {
      const made = (stream as (callback: OnSocket) => Socket | undefined)((error, socket) => {
        this.first ??= socket;
        callback?.(error, socket);
      });
      this.first ??= made;
      return made;
    }
    const socket = socketPath === undefined ? connect(port, host) : connect(socketPath);
    if (socketPath === undefined) socket.setNoDelay(true);
    this.first ??= socket;
    return socket;
  };
}
