import type { BoundPool } from "../../../core/tenancy.ts";
import { TenancyError } from "../../../errors/tenancy-error.ts";
import type { Adapter, AdapterFactory, PrismaInternals } from "./peer.ts";

/** Major version of Prisma that is supported: the first that reaches a database by adapters alone. */
const MAJOR = 7;

const REMEDY =
  "Make the client of what the function is given: `({ pool, schemaName }) => new PrismaClient({ adapter: new PrismaPg(pool, { schema: schemaName }) })`, or `new PrismaMariaDb(pool, { database: schemaName })`.";

/** Adapters that a client of a scope has: another client of theirs would be another scope's. */
const claimed = new WeakSet<AdapterFactory>();

/** Returns a client as Prisma makes it. @throws TenancyError `INVALID_CONFIG`, `UNSUPPORTED_PEER` */
export function checkClient(client: unknown): PrismaInternals {
  const { _clientVersion: version } = (client ?? {}) as PrismaInternals;
  if (typeof version !== "string") {
    throw refusal("The function given to `tenantPrisma` returned no `PrismaClient`.");
  }
  if (Number.parseInt(version, 10) === MAJOR) return client as PrismaInternals;
  throw new TenancyError("UNSUPPORTED_PEER", `Prisma ${version} is not supported.`, {
    remedy: `Install \`@prisma/client\` ${MAJOR}.`,
  });
}

/**
 * Looks, before the first query of a client, at whether it runs on the pool and in the schema that it was
 * made for.
 *
 * Prisma writes the schema of its adapter into every statement, and `"public"` where the adapter has none:
 * the pool alone decides nothing. An adapter that does not know the pool's class opens a pool of its own.
 *
 * @param opened - gets each adapter that was opened
 * @throws TenancyError `INVALID_CONFIG`; that of the pool and schema when the client connects
 */
export function watchWiring(
  client: PrismaInternals,
  bound: BoundPool,
  opened: (adapter: Adapter) => void,
): void {
  const factory = client._engineConfig?.adapter;
  if (typeof factory?.connect !== "function") {
    throw refusal("The client has no adapter.");
  }
  // ISOLATION: one client, or one adapter, for two scopes would read the first one's tables in both.
  // integration/orm/prisma/wiring.test.ts
  if (claimed.has(factory)) throw refusal("Two scopes were given the same client, or adapter.");
  claimed.add(factory);
  if ("externalPool" in factory) {
    // It shows at once what it will say; a client that connects while it is made is not watched below.
    const { externalPool, options } = factory;
    check(externalPool, options?.schema, bound);
  }
  factory.connect = watchConnect(factory, bound, opened);
}

// Apart, so that what the pool's listeners hold is no client: those that are done with can be collected.
function watchConnect(
  factory: AdapterFactory,
  bound: BoundPool,
  opened: (adapter: Adapter) => void,
): () => Promise<Adapter> {
  const connect = factory.connect.bind(factory);
  return async () => {
    const adapter = await connect();
    try {
      check(adapter.underlyingDriver?.(), adapter.getConnectionInfo?.().schemaName, bound);
    } catch (error) {
      await adapter.dispose();
      throw error;
    }
    opened(adapter);
    return adapter;
  };
}

// ISOLATION: the client would read `public`, or another server. integration/orm/prisma/wiring.test.ts
function check(pool: unknown, schemaName: string | undefined, bound: BoundPool): void {
  if (pool !== bound.pool) {
    throw refusal(
      "The adapter does not use the pool that it was given: its version takes none, or it knows another copy of the client library.",
    );
  }
  if (schemaName === bound.schemaName) return;
  const said = schemaName === undefined ? "no schema" : `the schema "${schemaName}"`;
  throw refusal(`The adapter of the schema "${bound.schemaName}" was made with ${said}.`);
}

function refusal(fact: string): TenancyError {
  return new TenancyError("INVALID_CONFIG", fact, { remedy: REMEDY });
}
