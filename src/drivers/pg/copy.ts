import { enterError, mustEnter } from "./enter.ts";
import type { Submittable, Wire } from "./peer.ts";
import type { Target } from "./scoped-query.ts";
import { ENTER_SESSION_TEXT, ENTER_TEXT } from "./search-path.ts";

/** Whether a submittable is a COPY of `pg-copy-streams`: it pages through no portal. */
export function isCopy(query: Submittable): boolean {
  return !("handlePortalSuspended" in query);
}

/**
 * Makes the session of a connection the scope's, or the transaction where one is open, unless it has
 * entered the scope already: what is to be submitted right before a COPY. That is a simple query, which
 * cannot share a message with what enters, and its streams read the raw socket. The session is reset
 * when it is given back.
 */
export class SessionEntry implements Submittable {
  /** Why the scope was not entered, once it has run. */
  failure: Error | undefined;
  readonly #target: Target;
  readonly #refusal: Error | undefined;
  #isInTransaction = false;

  /** @param refusal - why a session must not be changed, where it must not */
  constructor(target: Target, refusal: Error | undefined) {
    this.#target = target;
    this.#refusal = refusal;
  }

  submit(wire: Wire): Error | undefined {
    const { client, scope, state } = this.#target;
    const status = client.getTransactionStatus();
    if (!mustEnter(status, state)) return NOT_NEEDED;
    this.#isInTransaction = status === "T";
    if (!this.#isInTransaction) {
      if (this.#refusal !== undefined) return this.#refusal;
      // ISOLATION: the next holder of the connection would find this tenant's tables. leak/client.test.ts
      state.leave("reset");
    }
    state.touch(scope.schemaName);
    wire.stream.cork();
    try {
      wire.parse({ text: this.#isInTransaction ? ENTER_TEXT : ENTER_SESSION_TEXT });
      wire.bind({ values: [...scope.params] });
      wire.execute({});
      wire.sync();
    } finally {
      wire.stream.uncork();
    }
    return undefined;
  }

  handleDataRow(row: unknown): void {
    this.#target.scope.learn(row);
  }

  handleCommandComplete(): void {
    if (this.#isInTransaction) this.#target.state.isScoped = true;
  }

  handleReadyForQuery(): void {}

  handleError(error: Error): void {
    if (error !== NOT_NEEDED) this.failure = enterError(error, this.#target);
  }
}

/** `pg` goes on to the next query when one returns an error in place of writing something. */
const NOT_NEEDED = new Error("The scope is entered already.");
