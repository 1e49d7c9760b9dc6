import type { DriverHost, QueryResult } from "../../core/driver.ts";
import { TenancyError } from "../../errors/tenancy-error.ts";
import {
  enterError,
  mayBeMissing,
  refuseStatement,
  type ScopeDatabase,
} from "../mysql/connection-database.ts";
import { isDeniedAndMissing } from "../mysql/denied-database.ts";
import { explainRefusal } from "../mysql/statement-check.ts";
import type { StatementInfo, StatementInfos } from "../mysql/statement-info.ts";
import { type ConnectionState, lost } from "./connection-state.ts";
import {
  type Callback,
  type Command,
  isFatal,
  isReadOnly,
  type OkPacket,
  type RawConnection,
} from "./peer.ts";
import { readFirst } from "./read-first.ts";
import type { Run } from "./run.ts";
import type { ScopedCommands } from "./scoped-command.ts";

/** What the holder of a connection needs of its pool. */
export interface HoldingOwner {
  /** How statements enter scopes. */
  readonly commands: ScopedCommands;
  /** What is known of texts. */
  readonly infos: StatementInfos;
  /** The tenancy that the pool belongs to. */
  readonly host: DriverHost;
  /** Makes a query that is read as rows of objects, whatever the application's settings are. */
  toPlainQuery(text: string, values: readonly unknown[]): object;
  /** Takes a connection back, or ends it. */
  giveBack(holding: Holding, destroy: boolean): void;
}

/** The use of one connection in one scope, for one statement or for as long as a lease is held. */
export class Holding {
  readonly owner: HoldingOwner;
  readonly connection: RawConnection;
  readonly state: ConnectionState;
  readonly database: ScopeDatabase;
  /** Whether the connection is held for more than one statement. */
  readonly isLease: boolean;
  readonly #mayRead = { diagnostics: false, insertId: false };
  #isBroken = false;
  #isReleased = false;
  #running = 0;
  #whenIdle: (() => void) | undefined;

  constructor(
    owner: HoldingOwner,
    connection: RawConnection,
    state: ConnectionState,
    database: ScopeDatabase,
    isLease: boolean,
  ) {
    this.owner = owner;
    this.connection = connection;
    this.state = state;
    this.database = database;
    this.isLease = isLease;
  }

  /** Whether it was given back. */
  get isReleased(): boolean {
    return this.#isReleased;
  }

  /** Refuses what must not be sent in a scope, or not after it has ended. */
  refusalOf(info: StatementInfo): Error | undefined {
    return refuseStatement(info, this.database, this.#mayRead);
  }

  /** Notes that something runs which a release has to wait for; returns what notes its end. */
  begin(): () => void {
    this.#running += 1;
    let isRunning = true;
    return () => {
      if (!isRunning) return;
      isRunning = false;
      this.#running -= 1;
      if (this.#running === 0) this.#whenIdle?.();
    };
  }

  /** Notes that a command runs, until it has ended or its connection is lost. */
  follow(command: Command): void {
    const done = this.begin();
    const finish = (): void => {
      this.#mayRead.diagnostics = true;
      this.state.finish(command);
      done();
    };
    command.once("end", finish);
    this.state.start(command, (error) => {
      this.#isBroken = true;
      if (command.onResult) command.onResult(error);
      else command.emit("error", error);
      command.emit("end");
      finish();
    });
  }

  /** Notes the end of a statement. */
  noteOk({ insertId, serverStatus, stateChanges }: OkPacket, info: StatementInfo): void {
    const { database, state } = this;
    if (serverStatus !== undefined) state.status = serverStatus;
    const schema = stateChanges?.schema ?? database.schemaName;
    if (schema !== database.schemaName) {
      state.current = undefined;
    }
    // What a procedure has inserted is not said.
    if (Number(insertId) !== 0 || info.mayMove) this.#mayRead.insertId = true;
  }

  /** Returns what to tell the application about an error, and notes what it means for the connection. */
  explain(run: Run, error: Error): Error {
    hideTag(error, this.database);
    if (isFatal(error) || (!this.isLease && isReadOnly(error))) this.#isBroken = true;
    if (isFatal(error)) return error;
    if (run.phase === "setting") return needsOneStatement(error, this.database);
    if (run.phase === "entering") {
      const said = enterError(error, this.database);
      if (said !== error) this.#tellMissing();
      return said;
    }
    if (mayBeMissing(error)) this.state.current = undefined;
    return run.isAlone ? explainRefusal(error, run.text) : error;
  }

  /** What to say of a transaction that a statement on the pool itself has left open. */
  leftOpen(): Error | undefined {
    if (this.isLease || !this.state.isOpen || this.#isBroken) return undefined;
    return new TenancyError(
      "TRANSACTION_LEFT_OPEN",
      "A query on the pool left a transaction open; it was rolled back.",
      { tenant: this.database.tenant },
    );
  }

  /**
   * Returns a callback that tells the application what has become of its statement. An error that may
   * mean that the scope's database is gone is looked into first.
   */
  answering(run: Run, callback: Callback): Callback {
    return (error, result, fields) => {
      if (!error) {
        const wasOpen = this.leftOpen();
        if (wasOpen) callback(wasOpen);
        else if (fields === undefined) callback(null, result);
        else callback(null, result, fields);
        return;
      }
      const isEntering = run.phase === "entering";
      const said = run.explain(error);
      const isOpenQuestion = isEntering ? said === error : mayBeMissing(error);
      if (this.#isBroken || !isOpenQuestion) return callback(said);
      void this.#answerLater(said, error, isEntering, callback);
    };
  }

  /**
   * Gives the connection back when nothing runs on it any more; later calls do nothing.
   *
   * @param destroy - whether to close it instead, at once
   */
  release(destroy: boolean): void {
    // ISOLATION: the second release would free the connection under its next holder. leak/mysql2-lease.test.ts
    if (this.#isReleased) return;
    this.#isReleased = true;
    const end = (): void => {
      this.#whenIdle = undefined;
      this.owner.giveBack(this, destroy || this.#isBroken || this.state.isLost);
    };
    if (destroy || this.#running === 0) end();
    else this.#whenIdle = end;
  }

  /** Notes that the connection must not be used again. */
  break(): void {
    this.#isBroken = true;
  }

  /** Sends a text that enters no scope and is known to leave nothing. */
  send(text: string, values: readonly unknown[] = []): Promise<QueryResult> {
    const { connection, owner, state } = this;
    return new Promise((resolve, reject) => {
      if (state.isLost) return reject(lost());
      state.housekeeping(reject, () =>
        connection.query(
          owner.toPlainQuery(text, values),
          (error: Error | null, result: unknown, fields: unknown) =>
            error ? reject(error) : resolve(readFirst(result, fields)),
        ),
      );
    });
  }

  async #answerLater(
    said: Error,
    error: Error,
    isEntering: boolean,
    callback: Callback,
  ): Promise<void> {
    const done = this.begin();
    const isMissing = await this.#isMissing(error, isEntering);
    done();
    if (!isMissing) return callback(said);
    this.#tellMissing();
    callback(enterError(error, this.database, true));
  }

  /** Asks the server whether the scope's database is gone. */
  async #isMissing(error: Error, isEntering: boolean): Promise<boolean> {
    const { database, state } = this;
    try {
      if (isEntering) {
        return await isDeniedAndMissing(error, database.schemaName, (text, params) =>
          this.send(text, params),
        );
      }
      await this.send(database.useText);
      state.current = database.schemaName;
      return false;
    } catch (failure) {
      return enterError(failure as Error, database) !== failure;
    }
  }

  /** Caches must not go on to lead here. */
  #tellMissing(): void {
    this.owner.host.onSchemaMissing(this.database.schemaName);
  }
}

/** Errors show the statement that failed; the application's has no tag. */
function hideTag(error: Error & { sql?: unknown }, { tag }: ScopeDatabase): void {
  if (typeof error.sql === "string" && error.sql.startsWith(tag)) {
    error.sql = error.sql.slice(tag.length);
  }
}

function needsOneStatement(cause: Error, { tenant }: ScopeDatabase): TenancyError {
  return new TenancyError(
    "INVALID_QUERY",
    "A text that may hold several statements was not sent: the server cannot be told to accept one.",
    {
      cause,
      remedy:
        "Use `execute` with placeholders, or give the driver `multipleStatements: true` if you trust every text.",
      tenant,
    },
  );
}
