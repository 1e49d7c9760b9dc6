import { TenancyError } from "../../../errors/tenancy-error.ts";
import type { PrismaClientLike } from "./peer.ts";

type Methods = Readonly<Record<PropertyKey, unknown>>;

/** Finds the client to use, at the moment of each call. */
export interface Source<Client> {
  /** Returns it. @throws TenancyError `TENANT_REQUIRED` */
  readonly now: () => Client;
  /** Returns it, or `undefined` where there is none. */
  readonly peek: () => Client | undefined;
}

/**
 * Returns what looks like a client and is that of its source at the moment of each call, also through a
 * model, or a method, that was kept in a variable.
 *
 * A query runs on the client of where it was made, wherever it is awaited.
 */
export function follow<Client extends PrismaClientLike>(source: Source<Client>): Client {
  const own: Methods = {
    $connect: async () => undefined,
    $disconnect: async () => undefined,
    $extends: (extension: unknown) => follow(extended(source, extension)),
    $on: refuseListener,
  };
  return new Proxy({} as Client, {
    get(_target, property) {
      if (Object.hasOwn(own, property)) return own[property];
      return memberOf(source, (client) => client as unknown as Methods, property, isMethod);
    },
    has: (_target, property) => property in (source.peek() ?? {}),
    set: () => false,
  });
}

/** Methods of a client begin with `$`; everything else is a model. */
function isMethod(property: PropertyKey): boolean {
  return typeof property === "string" && property.startsWith("$");
}

/** Returns a member of what is found in a client: a function that looks for it when it is called. */
function memberOf<Client extends PrismaClientLike>(
  source: Source<Client>,
  find: (client: Client) => Methods,
  property: PropertyKey,
  isFunction: (property: PropertyKey) => boolean,
): unknown {
  const client = source.peek();
  // `await` and `console.log` ask for them, where nobody asks for a tenant.
  if (typeof property === "symbol" || property === "then") {
    return client && find(client)[property];
  }
  const value = client && find(client)[property];
  if (isFunction(property) || typeof value === "function") {
    return (...args: unknown[]): unknown => call(source.now(), find, property, args);
  }
  if (client !== undefined && (typeof value !== "object" || value === null)) return value;
  return modelOf(source, find, property);
}

/** Returns a model, which is looked for in the client of the moment of each call. */
function modelOf<Client extends PrismaClientLike>(
  source: Source<Client>,
  find: (client: Client) => Methods,
  model: PropertyKey,
): unknown {
  const findModel = (client: Client): Methods => find(client)[model] as Methods;
  return new Proxy(
    // Where there is no client to look at, it may be a method of an extension.
    () => undefined,
    {
      apply: (_target, _this, args) => call(source.now(), find, model, args),
      get(_target, property) {
        const client = source.peek();
        const value = client && findModel(client)?.[property];
        if (typeof property === "symbol" || property === "then") return value;
        // Fields and names are the same in every client, but a filter by no field would be none at all.
        if (property === "fields") return findModel(source.now())[property];
        if (client !== undefined && typeof value !== "function") return value;
        return (...args: unknown[]): unknown => call(source.now(), findModel, property, args);
      },
      has: (_target, property) => {
        const client = source.peek();
        return client !== undefined && property in findModel(client);
      },
    },
  );
}

function call<Client extends PrismaClientLike>(
  client: Client,
  find: (client: Client) => Methods,
  method: PropertyKey,
  args: readonly unknown[],
): unknown {
  const holder = find(client);
  return Reflect.apply(holder[method] as () => unknown, holder, args);
}

function extended<Client extends PrismaClientLike>(
  { now, peek }: Source<Client>,
  extension: unknown,
): Source<Client> {
  const made = new WeakMap<Client, Client>();
  const extend = (client: Client): Client => {
    let result = made.get(client);
    if (result === undefined) {
      result = (client.$extends as (extension: unknown) => Client)(extension);
      made.set(client, result);
    }
    return result;
  };
  return {
    now: () => extend(now()),
    peek: () => {
      const client = peek();
      return client && extend(client);
    },
  };
}

function refuseListener(): never {
  throw new TenancyError("INVALID_CONFIG", "`$on` would listen to one tenant's client alone.", {
    remedy: "Call it on each client, in the function that is given to `tenantPrisma`.",
  });
}
