import type { Logger } from "../../core/logger.ts";
import { quoteIdentifier } from "../../dialects/mysql/identifier.ts";
import { TenancyError } from "../../errors/tenancy-error.ts";
import { escapedError } from "./call-run.ts";
import type { MysqlControl } from "./mysql-control.ts";
import type { SandboxPatience } from "./sandbox.ts";
import { Scheduler } from "./scheduler.ts";

/** Is there for as long as the transaction is the test's own. */
const WHOLE = "kirayedar_test";
/** `ER_SP_DOES_NOT_EXIST`: also of a savepoint. */
const NO_SAVEPOINT = 1305;

/** The connection that everything runs on. */
export interface Pinned {
  /** Sends what is our own, and returns the rows of what it reads. */
  send(text: string): Promise<readonly Record<string, unknown>[]>;
  /** Closes it. */
  close(): void;
  /** What else its session is, beside its database, as each connection was told on its own; if anything. */
  readonly mode?: { get(): string; set(mode: string): Promise<void>; readonly first: string };
}

/** A statement of the application, as a client library sends it. */
export interface MysqlStatement<Party> {
  /** Whose it is. */
  readonly party: Party;
  /** What it does to the transaction. */
  readonly control: MysqlControl;
  /**
   * Sends it.
   *
   * @param text - to send in place of its own
   * @param onDone - called when the server has done it, before the application hears of it
   * @returns whether it was done, when the connection is ready for the next one; never rejects
   */
  send(text: string | undefined, onDone: () => void): Promise<boolean>;
  /** Says that it is not sent. */
  refuse(error: TenancyError): void;
}

/** One transaction of one connection, in which the statements of all others run. */
export class MysqlRun<Party extends object> {
  readonly #pinned: Pinned;
  readonly #scheduler: Scheduler<Party>;
  readonly #patience: SandboxPatience;
  /** The database that each connection believes to be in. */
  readonly #databases = new WeakMap<Party, string>();
  readonly #modes = new WeakMap<Party, string>();
  #last: Party | undefined;

  constructor(pinned: Pinned, logger: Logger, patience: SandboxPatience) {
    this.#pinned = pinned;
    this.#patience = patience;
    this.#scheduler = new Scheduler(logger, patience);
  }

  /** Whether it was ended. */
  get isEnded(): boolean {
    return this.#scheduler.isClosed;
  }

  /** Opens the transaction. */
  async begin(): Promise<void> {
    // ISOLATION: a deadlock ends the transaction; what follows it is in another one, and not committed.
    // integration/testing/nothing-is-left.test.ts
    await this.#pinned.send("set autocommit = 0");
    await this.#pinned.send("start transaction");
    await this.#pinned.send(`savepoint ${WHOLE}`);
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
    // Its end rolls it back too, but by then others may find what it has locked.
    let escaped: unknown;
    if (outcome !== "late") {
      escaped = await this.#pinned.send(`rollback to savepoint ${WHOLE}`).then(
        () => undefined,
        (error: unknown) => error,
      );
      await this.#pinned.send("rollback").catch(() => undefined);
    }
    this.#pinned.close();
    // ISOLATION: what is kept is in the way of every other test. integration/testing/nothing-is-left.test.ts
    if ((escaped as { errno?: unknown } | undefined)?.errno === NO_SAVEPOINT) {
      throw escapedError(escaped);
    }
    return open;
  }

  /** Whether a connection has a transaction open. */
  isOpen(party: Party): boolean {
    return this.#scheduler.frameOf(party) !== undefined;
  }

  /** Runs a statement of a connection when its turn has come. */
  add(statement: MysqlStatement<Party>): void {
    const { control, party } = statement;
    if (control.kind === "refused") {
      return statement.refuse(new TenancyError("SANDBOX_REFUSED", control.fact));
    }
    this.#scheduler.add({
      party,
      refuse: (error) => statement.refuse(error),
      run: async () => {
        try {
          await this.#turnTo(party);
          await this.#run(statement);
        } catch {
          statement.refuse(new TenancyError("LEASE_ENDED", "The connection of a test was lost."));
        }
      },
    });
  }

  /** Rolls back what a connection has open that is closed. */
  abandon(party: Party): void {
    if (this.isEnded || !this.isOpen(party)) return;
    this.#scheduler.add({
      party,
      refuse: () => undefined,
      run: async () => {
        const savepoint = this.#scheduler.frameOf(party)?.savepoint ?? "";
        this.#scheduler.pop(party, true);
        await this.#pinned.send(`rollback to savepoint ${savepoint}`).catch(() => undefined);
      },
    });
  }

  // ISOLATION: each connection is in the database that its driver believes it in, though others were
  // elsewhere meanwhile. integration/testing/rolled-back.test.ts
  async #turnTo(party: Party): Promise<void> {
    const last = this.#last;
    this.#last = party;
    if (last === undefined || last === party) return;
    const [row] = await this.#pinned.send("select database() as name");
    const current = row?.["name"];
    if (typeof current === "string") this.#databases.set(last, current);
    const own = this.#databases.get(party);
    if (own !== undefined && own !== current) {
      await this.#pinned.send(`use ${quoteIdentifier(own)}`);
    }
    const { mode } = this.#pinned;
    if (mode === undefined) return;
    this.#modes.set(last, mode.get());
    const wanted = this.#modes.get(party) ?? mode.first;
    if (wanted !== mode.get()) await mode.set(wanted);
  }

  async #run(statement: MysqlStatement<Party>): Promise<void> {
    const { control, party } = statement;
    const scheduler = this.#scheduler;
    const frame = scheduler.frameOf(party);
    const savepoint = scheduler.newName();
    switch (control.kind) {
      case "begin":
        // One that is open is committed.
        await statement.send(`savepoint ${savepoint}`, () => {
          scheduler.pop(party, false);
          scheduler.push(party, savepoint, "");
        });
        return;
      case "commit":
      case "rollback": {
        if (frame === undefined) return void (await statement.send("do 0", () => undefined));
        const isRolledBack = control.kind === "rollback";
        const word = isRolledBack ? "rollback to" : "release";
        await statement.send(`${word} savepoint ${frame.savepoint}`, () => {
          scheduler.pop(party, isRolledBack);
        });
        if (!control.chains) return;
        await this.#pinned.send(`savepoint ${savepoint}`);
        scheduler.push(party, savepoint, "");
        return;
      }
      case "nothing":
        await statement.send("do 0", () => undefined);
        return;
      case "none":
      case "refused":
        if (frame === undefined) scheduler.noteShared();
        await statement.send(undefined, () => undefined);
    }
  }
}
