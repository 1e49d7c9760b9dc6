import type { Connection } from "mariadb";
import { ConnectionDatabase } from "../mysql/connection-database.ts";
import { reportedDatabase } from "./peer.ts";
import { PreparedStatements } from "./prepared-statements.ts";
import type { SessionSettings } from "./session-settings.ts";

/** What is known of the session of one physical connection, for as long as it lives. */
export class ConnectionState {
  /** Where it is, and what its statements may have left. */
  readonly session: ConnectionDatabase = new ConnectionDatabase();
  /** Its prepared statements. */
  readonly statements: PreparedStatements;
  /** How it was set before anybody could change it, once that had to be known. */
  settings: SessionSettings | undefined;
  /** What the server reported as its database when a scope was entered last. */
  #reported: unknown;

  /** @param maxStatements - how many prepared statements are kept */
  constructor(maxStatements: number) {
    this.statements = new PreparedStatements(maxStatements);
  }

  /**
   * Whether the session is in this database.
   *
   * The server reports when a session moves, unless it was told not to: a report that nobody expected
   * is believed, while the lack of one proves nothing.
   */
  // ISOLATION: a statement that moved the session unseen would take the next one with it. leak/mariadb-session.test.ts
  isIn(connection: Connection, schemaName: string): boolean {
    return this.session.current === schemaName && this.#reported === reportedDatabase(connection);
  }

  /** Notes that the server has entered this database. */
  noteEntered(connection: Connection, schemaName: string): void {
    this.session.current = schemaName;
    this.#reported = reportedDatabase(connection);
  }
}

/** Finds the state of a connection. */
export class ConnectionStates {
  readonly #maxStatements: number;
  // The pool wraps a connection anew for every holder; and one that was redirected to another server
  // is a new session with a new `info`.
  readonly #states = new WeakMap<object, ConnectionState>();

  /** @param maxStatements - how many prepared statements each keeps */
  constructor(maxStatements: number) {
    this.#maxStatements = maxStatements;
  }

  /** Returns what is known of the session that a connection is now. */
  of(connection: Connection): ConnectionState {
    const key: object = connection.info ?? connection;
    let state = this.#states.get(key);
    if (state === undefined) {
      state = new ConnectionState(this.#maxStatements);
      this.#states.set(key, state);
    }
    return state;
  }
}
