import { maySplit } from "../mysql/statement-check.ts";
import type { Command, CommandState, OkPacket, Packet, RawConnection } from "./peer.ts";
import { STATUS } from "./peer.ts";
import type { Run } from "./run.ts";

const ER_MAX_PREPARED_STMT_COUNT_REACHED = 1461;

/** What is common to all statements of one pool. */
export interface ScopedCommands {
  /** Writes a text as a query of its own; its answer is left to the caller. */
  sendText(connection: RawConnection, text: string): void;
  /** Whether one text may hold several statements unasked. */
  readonly allowMultipleStatements: boolean;
  /** Whether the server is known to understand {@link OPTION}. */
  isOptionKnown: boolean;
}

/** `COM_SET_OPTION`: how many statements the server accepts in one text. */
const OPTION = {
  one: Buffer.from([3, 0, 0, 0, 0x1b, 1, 0]),
  several: Buffer.from([3, 0, 0, 0, 0x1b, 0, 0]),
} as const;

/**
 * Makes a command enter the scope of its run before it does its own work. Whatever it has to wait for
 * it waits for in its turn: other commands of the connection stay before and behind it.
 *
 * A query whose connection is in another database is sent as `use …; <text>` in one message, of which
 * the first answer is swallowed; if that is an error, the server runs nothing after it. A text that may
 * hold several statements is sent alone, after the server was told to accept one.
 *
 * @see https://dev.mysql.com/doc/c-api/8.4/en/mysql-set-server-option.html
 */
export function enterQuery(commands: ScopedCommands, command: Command, run: Run): void {
  const entry = new Entry(commands, command, run);
  command.start = (_packet, connection) => entry.startQuery(connection);
  observe(command, run, entry);
}

/**
 * As {@link enterQuery}, for a statement that is to be prepared: the server looks for tables, and binds
 * the statement to the database that the session is in. One that the connection has prepared already
 * is bound, and enters nothing.
 */
export function enterPreparation(commands: ScopedCommands, command: Command, run: Run): void {
  const entry = new Entry(commands, command, run);
  command.start = (_packet, connection) => entry.startPreparation(connection);
  observe(command, run, entry);
}

/** Notes what a prepared statement does to the session. */
export function observeExecution(command: Command, run: Run): void {
  const { start } = command;
  command.start = (packet, connection) => {
    run.holding.state.note(run.info);
    return start.call(command, packet, connection);
  };
  observe(command, run, undefined);
}

/** Reads the state of the session from the answers of the server. */
function observe(command: Command, run: Run, entry: Entry | undefined): void {
  const { doneInsert, execute } = command;
  const { state } = run.holding;
  command.execute = (packet, connection) => {
    if (packet?.isEOF() === true) state.status = packet.eofStatusFlags();
    if (packet?.isError() === true && entry?.makeRoom(packet, connection) === true) return false;
    if (packet?.isError() !== true || entry?.isAhead !== true) {
      return execute.call(command, packet, connection);
    }
    // The answer to what was sent behind the refused message would be taken for another's.
    run.holding.break();
    const isDone = execute.call(command, packet, connection);
    connection.destroy();
    return isDone;
  };
  if (doneInsert === undefined) return;
  command.doneInsert = (ok: OkPacket | null) => {
    if (ok !== null) run.holding.noteOk(ok, run.info);
    return doneInsert.call(command, ok);
  };
}

/** One command on its way into a scope. */
class Entry {
  /** Whether something was sent behind a message that is not answered yet. */
  isAhead = false;
  #mayMakeRoom = false;
  readonly #commands: ScopedCommands;
  readonly #command: Command;
  readonly #run: Run;
  readonly #start: Command["start"];

  constructor(commands: ScopedCommands, command: Command, run: Run) {
    this.#commands = commands;
    this.#command = command;
    this.#run = run;
    this.#start = command.start;
  }

  startQuery(connection: RawConnection): CommandState | null {
    const { text, refusal } = this.#run.seal(this.#command.sql ?? "");
    if (refusal !== undefined) return this.#refuse(refusal);
    const mustEnter = this.#mustEnter();
    // ISOLATION: an injected second statement would run. leak/mysql2-statements.test.ts
    if (!this.#commands.allowMultipleStatements && maySplit(text)) {
      this.#run.isAlone = true;
      const alone = (): CommandState | null =>
        this.#set("one", connection, () => this.#send(connection));
      return mustEnter ? this.#enter(connection, alone) : alone();
    }
    if (!mustEnter) return this.#send(connection);
    // Nothing would answer for an empty text; and `mysql2` miscounts several answers that are compressed.
    if (text.trim() === "" || isCompressed(connection)) {
      return this.#enter(connection, () => this.#send(connection));
    }
    return this.#set("several", connection, () => this.#sendTogether(connection));
  }

  startPreparation(connection: RawConnection): CommandState | null {
    const prepare = (): CommandState | null =>
      this.#start.call(this.#command, undefined, connection);
    this.#mayMakeRoom = true;
    if (!this.#mustEnter() || this.#isPrepared(connection)) return prepare();
    return this.#enter(connection, prepare);
  }

  /**
   * Prepares again, once, when the server has as many prepared statements as it may: those that the
   * connection keeps are closed, as they are only faster.
   */
  makeRoom({ buffer, offset }: Packet, connection: RawConnection): boolean {
    const { _statements } = connection;
    const isFull = buffer.readUInt16LE(offset + 1) === ER_MAX_PREPARED_STMT_COUNT_REACHED;
    const kept = isFull && this.#mayMakeRoom ? [...(_statements?.values() ?? [])] : [];
    if (kept.length === 0) return false;
    this.#mayMakeRoom = false;
    for (const { id } of kept) {
      const close = Buffer.from([5, 0, 0, 0, 0x19, 0, 0, 0, 0]);
      close.writeUInt32LE(id, 5);
      connection._resetSequenceId();
      connection.write(close);
    }
    // This closes them again, later, which the server takes no notice of.
    _statements?.clear();
    connection._resetSequenceId();
    this.#command.next = this.#start.call(this.#command, undefined, connection);
    return true;
  }

  // ISOLATION: a connection that is taken for another tenant's would stay there. leak/mysql2-isolation.test.ts
  #mustEnter(): boolean {
    const { database, state } = this.#run.holding;
    return state.current !== database.schemaName;
  }

  /** What is not found is entered for: at worst the statement is prepared already. */
  #isPrepared({ _statements, constructor }: RawConnection): boolean {
    const { statementKey } = constructor as { statementKey?: (options: object) => string };
    const { options } = this.#command;
    if (_statements === undefined || statementKey === undefined || options === undefined) {
      return false;
    }
    return _statements.get(statementKey(options)) !== undefined;
  }

  #send(connection: RawConnection): CommandState | null {
    this.#run.holding.state.note(this.#run.info);
    return this.#start.call(this.#command, undefined, connection);
  }

  /** Enters the scope in a message of its own. */
  #enter(connection: RawConnection, then: () => CommandState | null): CommandState {
    const { database } = this.#run.holding;
    this.#leaveDatabase();
    this.#commands.sendText(connection, database.useText);
    return (packet) => {
      this.#noteEntered(packet);
      connection._resetSequenceId();
      return then();
    };
  }

  #sendTogether(connection: RawConnection): CommandState {
    const command = this.#command;
    const { database, state } = this.#run.holding;
    const { sql } = command;
    this.#leaveDatabase();
    command.sql = `${database.useText}; ${sql}`;
    let next: CommandState | null;
    try {
      next = this.#start.call(command, undefined, connection);
    } finally {
      command.sql = sql ?? "";
    }
    return (packet) => {
      const status = this.#noteEntered(packet);
      if ((status & STATUS.moreResults) !== 0) {
        state.note(this.#run.info);
        return next;
      }
      // The server saw no statement in the text; by itself it says so.
      clearTimeout(command.queryTimeout ?? undefined);
      connection._resetSequenceId();
      return this.#send(connection);
    };
  }

  /** Tells the server how many statements to accept, along with the message that needs it if that is safe. */
  #set(
    mode: keyof typeof OPTION,
    connection: RawConnection,
    send: () => CommandState | null,
  ): CommandState | null {
    const { state } = this.#run.holding;
    if (state.accepts === mode) return send();
    state.accepts = undefined;
    const isSafe = mode === "several" || this.#commands.isOptionKnown;
    // Compressed messages are numbered by another count.
    if (isSafe && !isCompressed(connection)) {
      this.isAhead = true;
      const next = together(connection, () => {
        connection.write(OPTION[mode]);
        return send();
      });
      const { phase } = this.#run;
      // A text that is very long has gone out in several.
      const { sequenceId } = connection;
      this.#run.phase = "setting";
      connection.sequenceId = 1;
      return () => {
        this.#noteSet(mode);
        this.#run.phase = phase;
        this.isAhead = false;
        connection.sequenceId = sequenceId;
        return next;
      };
    }
    connection.write(OPTION[mode]);
    this.#run.phase = "setting";
    connection.sequenceId = 1;
    return () => {
      this.#noteSet(mode);
      this.#run.phase = "running";
      connection._resetSequenceId();
      return send();
    };
  }

  #noteSet(mode: keyof typeof OPTION): void {
    this.#commands.isOptionKnown = true;
    this.#run.holding.state.accepts = mode;
  }

  #leaveDatabase(): void {
    // Until the server has answered, nobody knows where the session is.
    this.#run.holding.state.current = undefined;
    this.#run.phase = "entering";
  }

  /** @returns the status that came with the answer */
  #noteEntered({ buffer, offset }: Packet): number {
    // An OK packet, of no rows and no number.
    if (buffer.readUIntBE(offset, 3) !== 0) throw new Error("The server's answer is not known.");
    const { database, state } = this.#run.holding;
    this.#run.phase = "running";
    state.current = database.schemaName;
    state.status = buffer.readUInt16LE(offset + 3);
    return state.status;
  }

  #refuse(error: Error): null {
    if (this.#command.onResult) this.#command.onResult(error);
    else this.#command.emit("error", error);
    return null;
  }
}

/** Lets what is written leave in one piece. */
function together<T>({ stream }: RawConnection, write: () => T): T {
  stream.cork?.();
  try {
    return write();
  } finally {
    stream.uncork?.();
  }
}

/** Whether messages are compressed: the option, or the server's flag for it once it has agreed. */
function isCompressed({ config }: RawConnection): boolean {
  return Boolean(config.compress);
}
