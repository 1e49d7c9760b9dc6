import { AsyncLocalStorage } from "node:async_hooks";
import type { Logger } from "../../core/logger.ts";
import { TenancyError } from "../../errors/tenancy-error.ts";
import { lateError } from "./call-run.ts";
import type { SandboxPatience } from "./sandbox.ts";

/** One call tree, inside the one that it was begun in. */
interface CallTree {
  readonly outer: CallTree | undefined;
}

const trees = new AsyncLocalStorage<CallTree>();

/** Calls a function as a call tree: what it begins, and what it then sends, belongs together. */
export function asCallTree<T>(fn: () => T): T {
  return trees.run({ outer: trees.getStore() }, fn);
}

/** Calls a function in no call tree, for what outlives it. */
export function outsideCallTrees<T>(fn: () => T): T {
  return trees.run(undefined as unknown as CallTree, fn);
}

/** A transaction of the application: a savepoint in the one that is rolled back. */
export interface Frame<Party> {
  /** The connection that the application believes to have. */
  readonly party: Party;
  /** The savepoint. */
  readonly savepoint: string;
  /** Where it was begun. */
  readonly tree: CallTree | undefined;
  /** What the session was like before it, in the engine's own words. */
  readonly before: string;
  /** Whether it lets nothing but its end happen. */
  hasFailed: boolean;
  /** Whether another connection's work is in it. */
  isShared: boolean;
}

/** One statement that waits for its turn. */
export interface Unit<Party> {
  /** Whose it is. */
  readonly party: Party;
  /** Runs it, and resolves when the connection is ready for the next one; never rejects. */
  run(): Promise<void>;
  /** Says that it is not run. */
  refuse(error: TenancyError): void;
}

interface Waiting<Party> {
  readonly unit: Unit<Party>;
  /** Where it was sent. */
  readonly tree: CallTree | undefined;
  /** Whether it need not wait any more for a transaction that does nothing. */
  mayJoin: boolean;
}

/**
 * Lets statements of several connections, as the application sees them, onto the one that there is.
 *
 * Transactions on one connection nest; so the one that was begun last is the only one that goes on.
 * A statement of a connection that has no transaction open:
 *
 * - runs at once if no other has one, or if it is sent by the call tree that began it: in the
 *   application it would be on a connection of its own;
 * - else waits for its end. If that transaction does nothing meanwhile, it most likely waits itself for
 *   the statement, which then runs within it.
 */
export class Scheduler<Party extends object> {
  readonly #logger: Logger;
  readonly #patience: SandboxPatience;
  readonly #frames: Frame<Party>[] = [];
  /** Where the statement of a connection that runs now was sent. */
  readonly #trees = new WeakMap<Party, CallTree>();
  #waiting: Waiting<Party>[] = [];
  #running: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #count = 0;
  #isClosed = false;

  constructor(logger: Logger, patience: SandboxPatience) {
    this.#logger = logger;
    this.#patience = patience;
  }

  /** Whether it takes no more statements. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Transactions that are open, the outermost first. */
  get frames(): readonly Frame<Party>[] {
    return this.#frames;
  }

  /** Makes up a name for a savepoint. */
  newName(): string {
    this.#count += 1;
    return `kirayedar_${this.#count}`;
  }

  /** Returns the transaction that a connection has open. */
  frameOf(party: Party): Frame<Party> | undefined {
    return this.#frames.findLast((frame) => frame.party === party);
  }

  /** Runs a statement when its turn has come. */
  add(unit: Unit<Party>): void {
    if (this.#isClosed) return unit.refuse(lateError());
    this.#waiting.push({ mayJoin: false, tree: trees.getStore(), unit });
    this.#next();
  }

  /** Notes that a transaction has begun. */
  push(party: Party, savepoint: string, before: string): void {
    const tree = this.#trees.get(party);
    for (const frame of this.#frames) frame.isShared = true;
    this.#frames.push({ before, hasFailed: false, isShared: false, party, savepoint, tree });
  }

  /** Notes that another connection's statement ran within the open transaction. */
  noteShared(): void {
    for (const frame of this.#frames) frame.isShared = true;
  }

  /** Notes that the transaction of a connection has ended. */
  pop(party: Party, isRolledBack: boolean): void {
    const frame = this.frameOf(party);
    if (frame === undefined) return;
    this.#frames.splice(this.#frames.indexOf(frame), 1);
    if (isRolledBack && frame.isShared) {
      this.#logger.warn(
        { savepoint: frame.savepoint },
        "a transaction was rolled back in a test along with what other connections did meanwhile, which would have been kept",
      );
    }
  }

  /** Refuses all that waits, and lets what runs come to its end. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    for (const { unit } of this.#waiting.splice(0)) unit.refuse(lateError());
    await this.#running;
  }

  #next(): void {
    if (this.#running !== undefined || this.#isClosed) return;
    clearTimeout(this.#timer);
    const next = this.#take();
    if (next === undefined) return this.#wait();
    const { tree, unit } = next;
    if (tree === undefined) this.#trees.delete(unit.party);
    else this.#trees.set(unit.party, tree);
    this.#running = unit.run().then(() => {
      this.#running = undefined;
      this.#next();
    });
  }

  #take(): Waiting<Party> | undefined {
    const seen = new Set<Party>();
    for (const [index, waiting] of this.#waiting.entries()) {
      const { party } = waiting.unit;
      // Statements of one connection stay in their order.
      if (!seen.has(party) && this.#mayRun(waiting)) {
        this.#waiting.splice(index, 1);
        return waiting;
      }
      seen.add(party);
    }
    return undefined;
  }

  #mayRun({ mayJoin, tree, unit: { party } }: Waiting<Party>): boolean {
    const top = this.#frames.at(-1);
    if (top === undefined || top.party === party) return true;
    // Its savepoint is below another one, which its end would end too.
    if (this.frameOf(party) !== undefined) return false;
    return mayJoin || isWithin(tree, top.tree);
  }

  /** Nothing may run, so something has to give way. */
  #wait(): void {
    if (this.#waiting.length === 0) return;
    const { blockedAfterMs, joinAfterMs } = this.#patience;
    const newcomer = this.#waiting.find(({ unit }) => this.frameOf(unit.party) === undefined);
    const wait = (ms: number, then: () => void): void => {
      this.#timer = outsideCallTrees(() => setTimeout(then, ms));
    };
    if (newcomer !== undefined) {
      return wait(joinAfterMs, () => {
        newcomer.mayJoin = true;
        this.#next();
      });
    }
    wait(blockedAfterMs, () => {
      for (const { unit } of this.#waiting.splice(0)) unit.refuse(blocked());
    });
  }
}

function isWithin(tree: CallTree | undefined, outer: CallTree | undefined): boolean {
  if (outer === undefined) return false;
  for (let at = tree; at !== undefined; at = at.outer) if (at === outer) return true;
  return false;
}

function blocked(): TenancyError {
  return new TenancyError(
    "SANDBOX_BLOCKED",
    "A statement has waited in vain for the end of a transaction that was begun after its own.",
  );
}
