import { quoteLiteral } from "../../dialects/postgres/identifier.ts";
import type {
  CommandCompleteMessage,
  Submittable,
  TransactionStatus,
  Wire,
} from "../../drivers/pg/peer.ts";
import type { Logger } from "../../core/logger.ts";
import { TenancyError } from "../../errors/tenancy-error.ts";
import { escapedError } from "./call-run.ts";
import type { SandboxClient } from "./pg.ts";
import { type Control, controlOf } from "./postgres-control.ts";
import type { SandboxPatience } from "./sandbox.ts";
import { type Frame, Scheduler } from "./scheduler.ts";

/** A statement as it is sent in place of another one. */
interface Sent {
  /** Text to send, where it is not the statement's own. */
  readonly text?: string;
  /** What the application is told that it did. */
  readonly tag?: string;
  /** Called when the server has done it, before the application hears of it. */
  readonly onDone?: () => void;
  /** Called when the server has refused it, before the application hears of it. */
  readonly onFail?: () => void;
}

/** Is there for as long as the transaction is the test's own. */
const WHOLE = "kirayedar_test";

/** What is read of the session before something that may end, so that it can be put back. */
const READ_PATH = "select pg_catalog.current_setting('search_path') as path";

/** One transaction of one connection, in which the statements of all others run. */
export class PgRun {
  readonly #pinned: SandboxClient;
  readonly #scheduler: Scheduler<SandboxClient>;
  readonly #patience: SandboxPatience;
  /** What enters a scope for the statement right behind it, and has to stay with that. */
  readonly #entries = new WeakMap<SandboxClient, Submittable>();
  #isLost = false;
  readonly #noteEscaped = (error: unknown): void => {
    // A connection that is ended by the server has kept nothing.
    if ((error as { readonly severity?: unknown }).severity === "ERROR") this.#escaped ??= error;
  };
  /** Why the transaction is not the test's own any more. */
  #escaped: unknown;
  readonly #noteLost = (): void => {
    this.#isLost = true;
  };

  constructor(pinned: SandboxClient, logger: Logger, patience: SandboxPatience) {
    this.#pinned = pinned;
    this.#patience = patience;
    this.#scheduler = new Scheduler(logger, patience);
  }

  /** Whether its connection is of no more use. */
  get isLost(): boolean {
    return this.#isLost;
  }

  /** Opens the transaction. */
  async begin(): Promise<void> {
    this.#pinned.once("end", this.#noteLost);
    await this.#send(`begin; savepoint ${WHOLE}`);
  }

  /** Rolls it back; returns how many transactions of the application were open. */
  async end(): Promise<number> {
    const open = this.#scheduler.frames.length;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<"late">((resolve) => {
      timer = setTimeout(() => resolve("late"), this.#patience.blockedAfterMs);
    });
    const outcome = await Promise.race([this.#scheduler.close(), late]);
    clearTimeout(timer);
    // Such as a cursor that nobody reads to its end: the transaction ends with its connection.
    if (outcome === "late") this.#isLost = true;
    if (!this.#isLost) {
      await this.#send(`rollback to savepoint ${WHOLE}`).catch(this.#noteEscaped);
      // Locks of the session outlive transactions.
      const leave = "rollback; select pg_catalog.pg_advisory_unlock_all()";
      await this.#send(leave).catch(this.#noteLost);
    }
    this.#pinned.removeListener("end", this.#noteLost);
    // ISOLATION: what is kept is in the way of every other test. integration/testing/nothing-is-left.test.ts
    if (this.#escaped !== undefined) throw escapedError(this.#escaped);
    return open;
  }

  /** Runs a statement of a connection when its turn has come. */
  add(party: SandboxClient, query: Submittable): void {
    const control = this.#controlOf(query);
    const refuse = (error: TenancyError): void => {
      process.nextTick(() => query.handleError(error, this.#pinned.connection));
    };
    if (control.kind === "refused") {
      return refuse(new TenancyError("SANDBOX_REFUSED", control.fact));
    }
    if (isEntry(query)) {
      this.#entries.set(party, query);
      return;
    }
    const entry = this.#entries.get(party);
    this.#entries.delete(party);
    this.#scheduler.add({
      party,
      refuse,
      run: async () => {
        const unit = { control, entry, party, query };
        const frame = this.#scheduler.frameOf(party);
        try {
          await (frame === undefined ? this.#runAlone(unit) : this.#runWithin(unit, frame));
        } catch (error) {
          // A connection that is lost, or a savepoint of ours; whoever waits for it is told.
          this.#isLost = true;
          this.#noteEscaped(error);
          query.handleError(error as Error, this.#pinned.connection);
        }
      },
    });
  }

  /** What a connection is to be told of its transaction. */
  statusOf(party: SandboxClient): TransactionStatus {
    const frame = this.#scheduler.frameOf(party);
    if (frame === undefined) return "I";
    // One that was never ended is no other test's to go on with.
    return frame.hasFailed ? "E" : "T";
  }

  /** Rolls back what a connection has open that is closed. */
  abandon(party: SandboxClient): void {
    if (this.#scheduler.isClosed || this.#scheduler.frameOf(party) === undefined) return;
    this.#scheduler.add({
      party,
      refuse: () => undefined,
      run: async () => {
        const { savepoint } = this.#scheduler.frameOf(party) as Frame<SandboxClient>;
        this.#scheduler.pop(party, true);
        await this.#undo(savepoint).catch(this.#noteLost);
      },
    });
  }

  #controlOf(query: Submittable): Control {
    const { cursor, text = cursor?.text } = query;
    const control: Control = typeof text === "string" ? controlOf(text) : { kind: "none" };
    if (cursor === undefined || control.kind === "none") return control;
    return { fact: "A statement about transactions was sent as a cursor.", kind: "refused" };
  }

  /** Runs a statement of a connection that has no transaction open. */
  async #runAlone(unit: PgUnit): Promise<void> {
    const { control, party, query } = unit;
    const scheduler = this.#scheduler;
    const savepoint = scheduler.newName();
    const isInside = scheduler.frames.length > 0;
    // Nothing runs in a transaction that has failed but its end; the server says so.
    if (this.#pinned.serverStatus() === "E") return void (await this.#submit(query, {}));
    if (control.kind === "begin") {
      const before = isInside ? await this.#readPath() : "";
      const onDone = (): void => scheduler.push(party, savepoint, before);
      const failed = await this.#submit(query, {
        onDone,
        tag: "BEGIN",
        text: `savepoint ${savepoint}`,
      });
      if (!failed && control.isReadOnly) await this.#send("set transaction read only");
      return;
    }
    await this.#send(`savepoint ${savepoint}`);
    if (control.kind !== "none") {
      const tag = control.kind.toUpperCase();
      return void (await this.#submit(query, { tag, text: `release savepoint ${savepoint}` }));
    }
    if (isInside) scheduler.noteShared();
    const before = isInside ? await this.#readPath() : "";
    const failed = await this.#submitAll(unit, {});
    // ISOLATION: the transaction around it goes on in its own scope, and finds no table without one.
    // integration/testing/rolled-back.test.ts
    if (failed) await this.#undo(savepoint);
    else await this.#send(`release savepoint ${savepoint}; ${restore(before)}`);
  }

  /** Runs a statement of the connection whose transaction is the innermost one. */
  async #runWithin(unit: PgUnit, frame: Frame<SandboxClient>): Promise<void> {
    const { control, party, query } = unit;
    const { before, hasFailed, savepoint } = frame;
    const scheduler = this.#scheduler;
    switch (control.kind) {
      case "begin":
      case "set": {
        if (hasFailed) break;
        const name = scheduler.newName();
        await this.#send(`savepoint ${name}`);
        const tag = control.kind.toUpperCase();
        await this.#submit(query, { tag, text: `release savepoint ${name}` });
        if (control.isReadOnly) await this.#send("set transaction read only");
        return;
      }
      case "commit":
      case "rollback":
        if (control.kind === "commit" && !hasFailed) {
          return await this.#commit(unit, frame, control.chains);
        }
        await this.#submit(query, {
          onDone: () => scheduler.pop(party, true),
          tag: "ROLLBACK",
          text: `rollback to savepoint ${savepoint}`,
        });
        await this.#send(`release savepoint ${savepoint}; ${restore(before)}`);
        return await this.#chain(party, before, control.chains);
      case "none":
      case "refused":
    }
    await this.#submitAll(unit, {
      onFail: () => (frame.hasFailed = true),
    });
    frame.hasFailed = this.#pinned.serverStatus() === "E";
  }

  /**
   * Ends a transaction that stays a part of the one around it. What constraints are deferred to its
   * end is checked, and goes on to be deferred for those that follow.
   */
  async #commit(unit: PgUnit, frame: Frame<SandboxClient>, chains: boolean): Promise<void> {
    const { party, query } = unit;
    const { before, savepoint } = frame;
    const check = this.#scheduler.newName();
    await this.#send(`savepoint ${check}`);
    const failed = await this.#submit(query, {
      onDone: () => this.#scheduler.pop(party, false),
      onFail: () => this.#scheduler.pop(party, true),
      tag: "COMMIT",
      text: "set constraints all immediate",
    });
    if (failed) return await this.#undo(savepoint);
    await this.#send(
      `rollback to savepoint ${check}; release savepoint ${savepoint}; ${restore(before)}`,
    );
    await this.#chain(party, before, chains);
  }

  async #chain(party: SandboxClient, before: string, chains: boolean): Promise<void> {
    if (!chains) return;
    const savepoint = this.#scheduler.newName();
    await this.#send(`savepoint ${savepoint}`);
    this.#scheduler.push(party, savepoint, before);
  }

  async #undo(savepoint: string): Promise<void> {
    await this.#send(`rollback to savepoint ${savepoint}; release savepoint ${savepoint}`);
  }

  async #readPath(): Promise<string> {
    const { rows } = (await this.#send(READ_PATH)) as { rows: { path: string }[] };
    return rows[0]?.path ?? "";
  }

  /** Sends what is our own. */
  async #send(text: string): Promise<unknown> {
    return await this.#pinned.send(text);
  }

  async #submitAll({ entry, query }: PgUnit, sent: Sent): Promise<boolean> {
    if (entry !== undefined) await this.#submit(entry, {});
    return await this.#submit(query, sent);
  }

  /**
   * Sends a statement of the application.
   *
   * @returns whether it has failed, when the connection is ready for the next one
   */
  #submit(query: Submittable, { onDone, onFail, tag, text }: Sent): Promise<boolean> {
    const pinned = this.#pinned;
    if (text !== undefined) Object.assign(query, { name: undefined, text, values: undefined });
    const complete = query.handleCommandComplete.bind(query);
    const fail = query.handleError.bind(query);
    return new Promise((resolve) => {
      let hasFailed = false;
      const finish = (): void => {
        pinned.connection.removeListener("readyForQuery", finish);
        pinned.removeListener("end", finish);
        resolve(hasFailed);
      };
      query.handleCommandComplete = (message: CommandCompleteMessage, wire: Wire) => {
        // What entered the scope is complete before; it is no command of ours.
        if (tag === undefined || !isSentFor(message, text)) return complete(message, wire);
        onDone?.();
        complete({ ...message, text: tag }, wire);
      };
      query.handleError = (error: Error, wire: Wire) => {
        hasFailed = true;
        if (isServerError(error)) onFail?.();
        fail(explain(error), wire);
        // What was refused on this side has no answer that would end it.
        setImmediate(() => {
          if (pinned.readyForQuery) finish();
        });
      };
      pinned.connection.once("readyForQuery", finish);
      pinned.once("end", finish);
      pinned.send(query);
    });
  }
}

interface PgUnit {
  readonly party: SandboxClient;
  readonly query: Submittable;
  readonly control: Control;
  readonly entry: Submittable | undefined;
}

/** Whether something enters a session for a COPY that follows: it has no text of its own. */
function isEntry(query: Submittable): boolean {
  return (
    query.text === undefined &&
    query.cursor === undefined &&
    !("handlePortalSuspended" in query) &&
    "failure" in query
  );
}

/** Whether the server says of the text that was sent, and not of what came before it, that it is done. */
function isSentFor({ text: tag }: CommandCompleteMessage, text: string | undefined): boolean {
  const word = text?.split(" ", 1)[0] ?? "";
  return tag.toLowerCase().startsWith(word);
}

function restore(path: string): string {
  return `select pg_catalog.set_config('search_path', ${quoteLiteral(path)}, true)`;
}

function isServerError(error: Error): boolean {
  return typeof (error as { readonly severity?: unknown }).severity === "string";
}

function explain(error: Error): Error {
  if ((error as { readonly routine?: unknown }).routine !== "PreventInTransactionBlock")
    return error;
  return new TenancyError(
    "SANDBOX_REFUSED",
    "A statement that cannot run in a transaction was sent in a test that is rolled back.",
    { cause: error },
  );
}
