import type { Scope } from "../../../core/scope.ts";
import type { Tenancy } from "../../../core/tenancy.ts";
import { keyPrefixOf } from "../../../core/tenant-key.ts";
import { TenancyError } from "../../../errors/tenancy-error.ts";

/** The part of a server, a namespace or an operator of Socket.IO that a broadcast begins with. */
export interface BroadcasterLike<Operator extends object = object> {
  /** Begins a broadcast that leaves out some rooms. */
  except(rooms: string | string[]): Operator;
}

/**
 * Returns the name under which the server knows a room of one scope. Clients often name rooms, and
 * what a listener throws ends the process, so this takes whatever they send.
 */
export function toRoom(scope: Scope, room: unknown): string {
  const name = typeof room === "string" ? room : JSON.stringify(room);
  // ISOLATION: the room is the rest of the name, so that nothing in it can be taken for another prefix.
  // integration/sockets/socket-io.test.ts
  return `${prefixOf(scope)}room:${name}`;
}

/** Returns the name of the room that every socket of one scope is in. */
export function everyone(scope: Scope): string {
  return `${prefixOf(scope)}everyone`;
}

function prefixOf(scope: Scope): string {
  return keyPrefixOf(scope.kind === "tenant" ? scope.tenant : null);
}

/**
 * Begins a broadcast to the sockets of the tenant in force, from anywhere: `io.emit` and `io.to` know
 * of no tenants. Rooms have the names that the sockets joined them by; without one it is for all
 * sockets of the tenant.
 *
 * @param io - the server, or one of its namespaces
 * @example
 * ```ts
 * tenantRooms(tenancy, io).to("lobby").emit("note", note);
 * ```
 * @throws TenancyError `TENANT_REQUIRED` without a scope
 */
export function tenantRooms<Operator extends object>(
  tenancy: Pick<Tenancy, "currentScope">,
  io: BroadcasterLike<Operator>,
): Operator {
  const scope = tenancy.currentScope();
  if (scope === undefined) {
    throw new TenancyError("TENANT_REQUIRED", "There is no tenant to whose sockets to send.");
  }
  return scopedOperator(io.except([]), scope);
}

/** What an operator gives another one for, that is no narrower and no wider. */
const FLAGS: ReadonlySet<unknown> = new Set(["compress", "local", "timeout", "volatile"]);

/** What chooses rooms. `socketsJoin` and its like call `join` of each socket, which knows its scope. */
const BY_ROOM: ReadonlySet<unknown> = new Set(["except", "in", "to"]);

type Method = (...args: unknown[]) => unknown;

/**
 * Returns an operator like `operator`, whose rooms are those of one scope alone, and which reaches
 * everybody of that scope where it would reach everybody.
 */
export function scopedOperator<Operator extends object>(
  operator: Operator,
  scope: Scope,
  isNarrow = false,
): Operator {
  // ISOLATION: an operator without rooms reaches every socket of the server. integration/sockets/socket-io.test.ts
  const narrow = (): object => {
    if (isNarrow) return operator;
    return (operator as unknown as { to(room: string): object }).to(everyone(scope));
  };
  const get = (target: object, name: string | symbol): unknown => {
    const value: unknown = Reflect.get(target, name);
    if (FLAGS.has(name)) {
      if (typeof value !== "function") return scopedOperator(value as object, scope, isNarrow);
      return (...args: unknown[]) =>
        scopedOperator((value as Method).apply(target, args) as object, scope, isNarrow);
    }
    if (typeof value !== "function") return value;
    if (!BY_ROOM.has(name)) return (...args: unknown[]) => (value as Method).apply(narrow(), args);
    return (rooms: string | readonly string[]) => {
      const own = toRooms(scope, rooms);
      const next = (value as Method).call(target, own) as object;
      // A list of no rooms narrows nothing.
      return scopedOperator(next, scope, isNarrow || (name !== "except" && own.length > 0));
    };
  };
  return new Proxy<Operator>(operator, { get });
}

/** Returns the names of a scope's rooms. */
export function toRooms(scope: Scope, rooms: string | readonly string[]): string[] {
  const list = Array.isArray(rooms) ? (rooms as readonly string[]) : [rooms as string];
  return list.map((room) => toRoom(scope, room));
}
