import { AsyncLocalStorage } from "node:async_hooks";
import type { Actor } from "../core/audit.ts";
import type { OperationEvent } from "../core/events.ts";
import { TenancyError } from "../errors/tenancy-error.ts";

/** Longest id of an actor, and longest `via`, in characters. */
const MAX_LENGTH = 200;

/** An operation that is recorded, as what it calls knows it. */
export interface Recorded {
  /** The tenant that it is about, as it was before; `null` for what is not known, or not about one. */
  readonly tenant: string | null;
  /** Id of that tenant. */
  readonly tenantId: string | null;
  /** What it has learned since. */
  event: Pick<OperationEvent, "error" | "tenant" | "tenantId">;
  /** What is started inside and not awaited outlives it, and then is outside. */
  isRunning: boolean;
}

/** On whose behalf something is done, and as a part of what. */
export interface Acting {
  /** Who. */
  readonly actor: Required<Actor>;
  /** The recorded operation that it is a part of. */
  readonly inside?: Recorded;
}

/**
 * On whose behalf one tenancy's operations are done. Its storage is made on first use: an active one
 * makes every `await` of the process a little slower.
 */
export class Actors {
  readonly #always: Acting | undefined;
  #storage: AsyncLocalStorage<Acting> | undefined;

  /** @param always - who acts where nobody else is said to */
  constructor(always?: Required<Actor>) {
    this.#always = always && { actor: always };
  }

  /** Who acts here; `undefined` for nobody. */
  current(): Acting | undefined {
    return this.#storage?.getStore() ?? this.#always;
  }

  /** Runs `fn` on behalf of somebody; what it returns is awaited inside, as it may be lazy. */
  async run<T>(acting: Acting, fn: () => T | PromiseLike<T>): Promise<Awaited<T>> {
    this.#storage ??= new AsyncLocalStorage();
    return await this.#storage.run(acting, async (): Promise<Awaited<T>> => await fn());
  }
}

/** Checks who is said to act. @throws TenancyError `INVALID_QUERY` */
export function parseActor(actor: Actor): Required<Actor> {
  if (typeof actor !== "object" || actor === null) {
    throw new TenancyError("INVALID_QUERY", "The actor is not an object such as `{ id }`.");
  }
  const { id, via = "application" } = actor;
  return Object.freeze({ id: parseName("id", id), via: parseName("via", via) });
}

function parseName(field: string, value: unknown): string {
  const isName =
    typeof value === "string" &&
    value.length <= MAX_LENGTH &&
    value === value.trim() &&
    /^[^\p{Cc}\p{Cs}]+$/u.test(value);
  if (isName) return value;
  throw new TenancyError(
    "INVALID_QUERY",
    `The actor's \`${field}\` is not text of 1 to ${MAX_LENGTH} characters without control characters or spaces at its ends.`,
  );
}
