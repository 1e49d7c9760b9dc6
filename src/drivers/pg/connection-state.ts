import { LRUCache } from "lru-cache";
import type { SessionTrace } from "./statement-info.ts";

/** Bounds of what one connection keeps. */
export interface ConnectionLimits {
  /** Prepared statements, at most; 0 for none, not even the one that enters a scope. */
  readonly statements: number;
  /** At which use a statement is prepared. */
  readonly prepareAfter: number;
  /** Schemas, at most, before the connection is closed. */
  readonly schemas: number;
}

/** What is known of one physical connection, for as long as it lives. */
export class ConnectionState {
  /**
   * Whether the transaction in progress has entered its scope; `false` outside one. A transaction
   * that is chained (`commit and chain`) has to enter it again.
   */
  isScoped = false;
  /** What its statements since the last reset may have left in the session. */
  trace: SessionTrace = "none";
  /** Whether statements may be named on it. */
  isNaming: boolean;
  /** Names of statements to close with the next message. */
  readonly closing: Set<string> = new Set<string>();
  readonly #limits: ConnectionLimits;
  readonly #schemas = new Set<string>();
  readonly #uses: LRUCache<string, number> | undefined;
  readonly #names: LRUCache<string, string> | undefined;

  constructor(limits: ConnectionLimits) {
    this.#limits = limits;
    this.isNaming = limits.statements > 0;
    if (!this.isNaming) return;
    this.#uses = new LRUCache({ max: limits.statements * 2 });
    this.#names = new LRUCache({
      dispose: (name) => this.closing.add(name),
      max: limits.statements,
    });
  }

  /** Notes that a statement has ended, by its tag: a transaction that ends may start another. */
  noteEnd(tag: string): void {
    if (tag === "COMMIT" || tag === "ROLLBACK") this.isScoped = false;
  }

  /** Notes that a schema was entered. */
  touch(schemaName: string): void {
    this.#schemas.add(schemaName);
  }

  /** Whether the backend has learned so many schemas that it should end. */
  get isWorn(): boolean {
    return this.#schemas.size > this.#limits.schemas;
  }

  /**
   * Returns the name under which to run a statement, or `undefined` to run it unnamed.
   *
   * @param key - differs for every text and schema version, in this process
   * @param always - whether to name it at its first use
   * @param makeName - makes a name that means this statement, and no other, in every process
   */
  // ISOLATION: behind a pooler that was not configured, a name may be another process's. leak/statements.test.ts
  nameOf(key: string, always: boolean, makeName: () => string): string | undefined {
    if (!this.isNaming || this.#names === undefined) return undefined;
    if (!always && this.#limits.prepareAfter === Infinity) return undefined;
    const known = this.#names.get(key);
    if (known !== undefined) return known;
    if (!always && !this.#isHot(key)) return undefined;
    const name = makeName();
    this.#names.set(key, name);
    // One that is to be closed is closed first, and prepared anew: it may be stale.
    return name;
  }

  /** Closes a statement that turned out to be stale. */
  dropName(key: string): void {
    this.#names?.delete(key);
  }

  /** Notes what a statement may leave in the session. */
  leave(trace: SessionTrace): void {
    if (trace === "none" || this.trace === "destroy") return;
    this.trace = trace;
    // Whoever deallocates may have deallocated ours.
    if (trace === "destroy") this.isNaming = false;
  }

  #isHot(key: string): boolean {
    const uses = (this.#uses?.get(key) ?? 0) + 1;
    if (uses >= this.#limits.prepareAfter) {
      this.#uses?.delete(key);
      return true;
    }
    this.#uses?.set(key, uses);
    return false;
  }
}
