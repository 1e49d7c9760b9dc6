import type { Session, Transaction } from "../core/driver.ts";
import type { JournalEntry } from "../core/journal-sql.ts";
import type { KnownMigration } from "./discover.ts";
import type { Halfway } from "./halfway.ts";
import { Patience, retryOnLocks } from "./patience.ts";
import { checksumOfStatements, finishedEntry, type Journal } from "./journal.ts";
import type { Body, Target } from "./run-migration.ts";

/** How a step leaves its migration. */
export type StepOutcome = "applied" | "undone" | "partial";

/** How long a migration waits for locks that others hold, in milliseconds. */
export interface LockPatience {
  /** For one lock, before it gives way. */
  readonly waitMs: number;
  /** For all of them, with the pauses in between. */
  readonly timeoutMs: number;
}

/** What a step is made of. */
export interface StepOptions {
  readonly direction: "up" | "down";
  readonly migration: KnownMigration;
  readonly body: Body;
  readonly target: Target;
  readonly journal: Journal;
  /** How far it came before, in this direction. */
  readonly halfway: Halfway | undefined;
  /** How long it waits for locks that others hold. */
  readonly locks: LockPatience;
  /** What to do if nobody knows how far it came. */
  readonly interrupted: "repeat" | "skip" | undefined;
  /** Versions that the same call had applied, or rolled back, before it. */
  readonly applied: readonly string[];
  /**
   * Notes in the registry which version the tenant is at. `partial`, too, is not applied.
   */
  readonly noteVersion: (tx: Transaction, outcome: StepOutcome) => Promise<void>;
}

/**
 * One direction of one migration on one schema, and its record.
 *
 * States of its row: absent (up) or finished (down) → unfinished, with the number of statements done
 * and what stopped it → finished (up) or absent (down). In one transaction the middle is left out.
 */
export class Step {
  readonly options: StepOptions;
  readonly #startedAt = performance.now();
  #hasBegun = false;

  constructor(options: StepOptions) {
    this.options = options;
  }

  /**
   * Runs `fn`, again when it has waited too long for a lock. Nothing of it may be left when it fails.
   *
   * @throws TenancyError `TENANT_BUSY`
   */
  async patiently<T>(fn: () => Promise<T>): Promise<T> {
    const { locks, target } = this.options;
    const patience = new Patience(locks.timeoutMs);
    return await retryOnLocks(target.dialect.schema, patience, target.tenant?.slug, fn);
  }

  /** Makes the table of the history, before anything that it must not commit. */
  async prepare(session: Session): Promise<void> {
    const { journal, target } = this.options;
    if (journal.isMade) return;
    await session.transaction(target.scope, (tx) => journal.make(tx));
    journal.made();
  }

  /**
   * Records how far it is.
   *
   * @param done - texts of the statements that are done; their number, for a function
   * @param error - what stopped it; `null` while it goes on, and if nobody will know
   */
  async record(
    tx: Transaction,
    done: readonly string[] | number,
    error: string | null,
  ): Promise<void> {
    const { direction, journal, noteVersion } = this.options;
    const isText = typeof done !== "number";
    await journal.write(tx, [
      {
        ...this.#entry(),
        direction,
        doneChecksum: isText ? checksumOfStatements(done) : null,
        error,
        isFinished: false,
        statementsDone: isText ? done.length : done,
      },
    ]);
    // From here on the schema is at no version that another one is at.
    if (!this.#hasBegun) await noteVersion(tx, "partial");
    this.#hasBegun = true;
  }

  /** The same, in a transaction of its own. */
  async recordAlone(
    session: Session,
    done: readonly string[] | number,
    error: string | null,
  ): Promise<void> {
    await session.transaction(this.options.target.scope, (tx) => this.record(tx, done, error));
  }

  /** Records its end, and the version that the schema now is at. */
  async finish(tx: Transaction): Promise<void> {
    const { direction, journal, migration, noteVersion } = this.options;
    if (direction === "up") await journal.write(tx, [this.#entry()]);
    else await journal.remove(tx, migration.version);
    await noteVersion(tx, direction === "up" ? "applied" : "undone");
  }

  /** The same, in a transaction of its own. */
  async finishAlone(session: Session): Promise<void> {
    await session.transaction(this.options.target.scope, (tx) => this.finish(tx));
  }

  #entry(): JournalEntry {
    return finishedEntry(this.options.migration, performance.now() - this.#startedAt);
  }
}
