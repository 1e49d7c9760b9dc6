import { TenancyError } from "../../../errors/tenancy-error.ts";
import type { PrismaInternals, Request, RootClient } from "./peer.ts";

/** What a client's queries are held to. */
export interface RequestRules {
  /** Calls a function in the client's scope. */
  readonly inScope: <T>(fn: () => T) => T;
  /** Whether the client was seen to connect, and to what. */
  readonly isKnown: () => boolean;
}

/** The client that collects the queries of a `$transaction([…])`, which it does before it returns. */
let collecting: object | undefined;

/**
 * Watches each query of a client, also of those that extend it and in transactions, as it is sent.
 *
 * @throws TenancyError `UNSUPPORTED_PEER`
 */
export function watchRequests(client: PrismaInternals, { inScope, isKnown }: RequestRules): void {
  const root = rootOf(client);
  const { $transaction: transact, _request: request } = root;
  let isChecked = false;
  const check = async (): Promise<void> => {
    await root.$connect();
    if (!isKnown()) throw connectedElsewhere();
    isChecked = true;
  };
  root.$transaction = function inOne(this: object, ...args: unknown[]) {
    if (!Array.isArray(args[0])) return Reflect.apply(transact, this, args);
    const outer = collecting;
    collecting = root;
    try {
      return Reflect.apply(transact, this, args);
    } finally {
      collecting = outer;
    }
  };
  root._request = async function watched(this: object, ...args: [Request]) {
    if (args[0].transaction?.kind === "batch" && collecting !== root) throw foreignQuery();
    // ISOLATION: a client that runs on something else must not be asked once. integration/orm/prisma/wiring.test.ts
    if (!isChecked) await check();
    // ISOLATION: what an extension does beside a query is done where the query is, not where it is awaited.
    // integration/orm/prisma/extensions.test.ts
    return await inScope(() => Reflect.apply(request, this, args));
  };
}

function rootOf({ _clientVersion, _originalClient: root }: PrismaInternals): RootClient {
  const isWhole = (["_request", "$transaction", "$connect"] as const).every(
    (method) => typeof root?.[method] === "function",
  );
  if (root !== undefined && isWhole) return root;
  throw new TenancyError(
    "UNSUPPORTED_PEER",
    `Prisma ${String(_clientVersion)} sends queries in a way that is not known.`,
    { remedy: "Install a version of `@prisma/client` that the documentation names." },
  );
}

function connectedElsewhere(): TenancyError {
  return new TenancyError("INVALID_CONFIG", "The client was connected before it was returned.", {
    remedy: "Make a new client in each call of the function, and do not connect it.",
  });
}

/** Each query of a client runs in a transaction of its own client. */
function foreignQuery(): TenancyError {
  return new TenancyError(
    "WRONG_TENANT",
    "A transaction was given queries that were made in another scope.",
    { remedy: "Make every query of a transaction in the scope that it runs in." },
  );
}
