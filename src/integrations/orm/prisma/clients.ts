import { LRUCache } from "lru-cache";
import type { Scope } from "../../../core/scope.ts";
import type { BoundPool, Tenancy } from "../../../core/tenancy.ts";
import type { Adapter, Listened, PrismaClientLike } from "./peer.ts";
import { type RequestRules, watchRequests } from "./requests.ts";
import { checkClient, watchWiring } from "./wiring.ts";

/** What is left of a client when nobody holds it any more. */
interface Remains {
  readonly adapters: Adapter[];
  readonly pool: Listened;
}

/**
 * The clients of the scopes that were used last, each over the bound pool of its scope.
 *
 * One that is thrown out is not disconnected, as that would roll back its open transactions: whoever works
 * with it holds it, and when nobody does, its adapters let go of the pool.
 */
export class Clients<Client extends PrismaClientLike, Pool> {
  readonly #tenancy: Tenancy<Pool>;
  readonly #make: (bound: BoundPool<Pool>) => Client;
  readonly #clients: LRUCache<string, Client>;
  readonly #abandoned = new FinalizationRegistry<Remains>(letGo);

  constructor(tenancy: Tenancy<Pool>, make: (bound: BoundPool<Pool>) => Client, max: number) {
    this.#tenancy = tenancy;
    this.#make = make;
    this.#clients = new LRUCache({ max });
  }

  /** Number of clients that are kept. */
  get size(): number {
    return this.#clients.size;
  }

  /** Returns the client of a scope; the same one while it is kept. */
  of(scope: Scope): Client {
    const key = keyOf(scope);
    let client = this.#clients.get(key);
    if (client === undefined) this.#clients.set(key, (client = this.#open(scope)));
    return client;
  }

  /** Disconnects the clients that are kept. */
  async close(): Promise<void> {
    const clients = [...this.#clients.values()];
    this.#clients.clear();
    await Promise.all(clients.map((client) => client.$disconnect()));
  }

  #open(scope: Scope): Client {
    const bound = this.#tenancy.bindPool(scope);
    const client = this.#make(bound);
    const adapters: Adapter[] = [];
    const pool = this.#tenancy.pool as Listened;
    const internals = checkClient(client);
    watchWiring(internals, bound, collectInto(adapters));
    watchRequests(internals, {
      inScope: enterUnlessIn(this.#tenancy, scope),
      isKnown: () => adapters.length > 0,
    });
    // Each client listens to the pool's errors; a warning of too many listeners would be wrong.
    widen(pool, 1);
    this.#abandoned.register(client, { adapters, pool });
    return client;
  }
}

// Apart from where the client is known, which must not be held.
function collectInto(adapters: Adapter[]): (adapter: Adapter) => void {
  return (adapter) => {
    adapters.push(adapter);
  };
}

// Where the scope is in force already, `putTenant` reaches who called.
function enterUnlessIn(tenancy: Tenancy, scope: Scope): RequestRules["inScope"] {
  const key = keyOf(scope);
  return (fn) => {
    const current = tenancy.currentScope();
    return current && keyOf(current) === key ? fn() : tenancy.enter(scope, fn);
  };
}

// ISOLATION: a tenant that was renamed must not be served by a client of its old schema.
// integration/orm/prisma/clients.test.ts
function keyOf(scope: Scope): string {
  if (scope.kind === "global") return "global";
  return JSON.stringify([scope.tenant.id, scope.tenant.schemaName]);
}

function letGo({ adapters, pool }: Remains): void {
  widen(pool, -1);
  // A pool that was ended meanwhile has nothing to let go of.
  for (const adapter of adapters) void adapter.dispose().catch(() => undefined);
}

function widen(pool: Listened, by: number): void {
  const max = pool.getMaxListeners?.() ?? 0;
  // 0 is no limit.
  if (max > 0) pool.setMaxListeners?.(max + by);
}
