import { type Scope, scopeOf } from "../../../core/scope.ts";
import { isTenancyError } from "../../../errors/tenancy-error.ts";
import { enterDecision, SKIPPED } from "../common/decide.ts";
import type { SocketInternals, SocketLike, SocketTenancy } from "./peer.ts";
import { everyone, scopedOperator, toRooms } from "./rooms.ts";

/** Makes a socket one scope's: what it hears runs in the scope, and its rooms are the scope's own. */
export function bindSocket(
  tenancy: SocketTenancy,
  socket: SocketLike,
  internals: SocketInternals,
  scope: Scope,
): void {
  bindRooms(socket, internals, scope);
  bindEvents(tenancy, socket, internals, scope);
}

/**
 * Events come from the connection, which knows of no scope, and may carry sockets of several
 * tenants. They are heard in the order in which they come, also while the tenant is looked up.
 */
function bindEvents(
  tenancy: SocketTenancy,
  socket: SocketLike,
  internals: SocketInternals,
  first: Scope,
): void {
  let scope = first;
  let last: Promise<void> = Promise.resolve();
  // ISOLATION: without it listeners run in no scope, or in that which the connection was made in.
  // integration/sockets/socket-io.test.ts
  const enter = <T>(fn: () => T): T => enterDecision(tenancy, { ...SKIPPED, scope }, fn);
  const { _onclose: onClose, _onerror: onError, _onpacket: onPacket } = internals;
  internals._onclose = (reason, description) =>
    enter(() => onClose.call(socket, reason, description));
  internals._onerror = (error) => enter(() => onError.call(socket, error));
  internals._onpacket = (packet) => {
    last = last.then(async () => {
      try {
        scope = await renew(tenancy, scope);
      } catch (error) {
        giveUp(tenancy, socket, error);
        return;
      }
      // Apart from this promise, so that what a listener throws goes where it always goes.
      process.nextTick(() => {
        if (socket.connected) enter(() => onPacket.call(socket, packet));
      });
    });
  };
}

/**
 * Returns the scope as it is now.
 *
 * @throws what `tenancy.tenant` throws
 */
// ISOLATION: a socket lives for hours. After a rename another tenant may have the schema's old name.
// integration/sockets/socket-io.test.ts
async function renew(tenancy: SocketTenancy, scope: Scope): Promise<Scope> {
  if (scope.kind === "global") return scope;
  return scopeOf((await tenancy.tenant({ id: scope.tenant.id })).tenant);
}

/** Ends a socket whose tenant may not be entered, or a connection that may try again later. */
function giveUp(tenancy: SocketTenancy, socket: SocketLike, error: unknown): void {
  enterDecision(tenancy, SKIPPED, () => {
    const isOver =
      isTenancyError(error, "TENANT_NOT_FOUND") || isTenancyError(error, "TENANT_NOT_ACTIVE");
    if (isOver) tenancy.logger.info({ reason: error.code, tenant: error.tenant }, "socket closed");
    else tenancy.logger.error({ err: error }, "socket closed");
    // A client that was disconnected stays away; one that has lost its connection comes again.
    if (isOver) socket.disconnect();
    else socket.conn.close();
  });
}

function bindRooms(socket: SocketLike, internals: SocketInternals, scope: Scope): void {
  const { join, leave, newBroadcastOperator } = internals;
  internals.join = (rooms) => {
    // The server itself addresses a socket by its bare id; others reach it by the id in its scope.
    const isOwn = rooms === socket.id;
    return join.call(socket, [
      ...(isOwn ? [socket.id, everyone(scope)] : []),
      ...toRooms(scope, rooms),
    ]);
  };
  internals.leave = (room) => {
    const [name = ""] = toRooms(scope, room);
    return leave.call(socket, name);
  };
  internals.newBroadcastOperator = () => scopedOperator(newBroadcastOperator.call(socket), scope);
}
