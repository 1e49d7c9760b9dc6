import type { Logger } from "../../core/logger.ts";
import { ConnectionDatabase } from "../mysql/connection-database.ts";
import { type Command, isHarmless, type RawConnection, STATUS } from "./peer.ts";

/** What is known of one physical connection, for as long as it lives. */
export class ConnectionState extends ConnectionDatabase {
  /** How many statements the server accepts in one text; `undefined` when nobody knows. */
  accepts: "one" | "several" | undefined = "several";
  /** What the server has said last of its session. */
  status = 0;
  readonly #connection: RawConnection;
  readonly #addCommand: RawConnection["addCommand"];
  #isLost = false;
  readonly #running = new Map<Command, (error: Error) => void>();
  #adopt: ((command: Command) => void) | undefined;

  /** @param connection - is watched from now on */
  constructor(connection: RawConnection, logger: Logger) {
    super();
    const add = connection.addCommand;
    this.#connection = connection;
    this.#addCommand = (command) => {
      this.#see(command);
      return add.call(connection, command);
    };
    connection.addCommand = this.#addCommand;
    // A second error of a connection would crash the process, as `mysql2` listens for the first alone.
    connection.on("error", (error: Error) => {
      logger.debug({ err: error }, "connection lost");
      this.#lose(error);
    });
    connection.stream.once("close", () => this.#lose(lost()));
  }

  /** Whether the connection is of no more use. */
  get isLost(): boolean {
    // One that is closed is given another, which refuses everything, before anybody hears of it.
    return this.#isLost || this.#connection.addCommand !== this.#addCommand;
  }

  /** Whether a transaction is open. */
  get isOpen(): boolean {
    const { hasSavepoint } = this.#connection;
    return hasSavepoint?.() ?? (this.status & STATUS.inTransaction) !== 0;
  }

  /** Calls a function; the commands that it gives to the connection go through `adopt` first. */
  adopting<T>(adopt: (command: Command) => void, fn: () => T): T {
    const outer = this.#adopt;
    this.#adopt = adopt;
    try {
      return fn();
    } finally {
      this.#adopt = outer;
    }
  }

  /**
   * Calls a function that sends what is the driver's own, enters no scope and leaves nothing.
   *
   * @param fail - called if the server never answers
   */
  housekeeping<T>(fail: (error: Error) => void, fn: () => T): T {
    return this.adopting((command) => {
      this.start(command, fail);
      command.once("end", () => this.finish(command));
    }, fn);
  }

  /** Notes a command that the server has yet to answer; `fail` is called if it never will. */
  start(command: Command, fail: (error: Error) => void): void {
    this.#running.set(command, fail);
  }

  /** Notes that a command has ended. */
  finish(command: Command): void {
    this.#running.delete(command);
  }

  override noteReset(): void {
    super.noteReset();
    this.status = 0;
    this.accepts = undefined;
  }

  #see(command: Command): void {
    if (this.#adopt !== undefined) return this.#adopt(command);
    if (isHarmless(command)) return;
    forgetDatabase(command, this);
  }

  #lose(error: Error): void {
    this.#isLost = true;
    const running = [...this.#running.values()];
    this.#running.clear();
    // `mysql2` does not tell commands without a callback, nor any after `destroy`.
    for (const fail of running) fail(error);
  }
}

/** Makes a command forget, when its turn has come, in which database the session is. */
export function forgetDatabase(command: Command, state: ConnectionState): void {
  const { start } = command;
  command.start = (packet, connection) => {
    // ISOLATION: what is sent past the driver may enter another database. leak/mysql2-session-traces.test.ts
    state.current = undefined;
    return start.call(command, packet, connection);
  };
}

/** What is said of a connection that has ended without a word. */
export function lost(): Error {
  return Object.assign(new Error("Connection lost: The server closed the connection."), {
    code: "PROTOCOL_CONNECTION_LOST",
    fatal: true,
  });
}
