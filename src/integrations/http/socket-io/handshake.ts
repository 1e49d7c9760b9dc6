import type { MaybePromise } from "../../../core/resolution.ts";
import { GLOBAL_SCOPE, type Scope, scopeOf } from "../../../core/scope.ts";
import { type Tenant, TENANT_STATES, type TenantRef } from "../../../core/tenant.ts";
import { isTenancyError } from "../../../errors/tenancy-error.ts";
import { toTenantResolution } from "../../../resolvers/verdict.ts";
import { type Decision, enterDecision, SKIPPED } from "../common/decide.ts";
import { decideNode } from "../common/node-scope.ts";
import { type HttpSettings, parseHttpOptions } from "../common/options.ts";
import { type Refusal, refusalFor, refusalForError } from "../common/status.ts";
import type { TrustProxy } from "../common/trust-proxy.ts";
import { bindSocket } from "./bind-socket.ts";
import { internalsOf, type SocketLike, type SocketTenancy } from "./peer.ts";

/** How {@link tenantHandshake} treats handshakes. */
export interface HandshakeOptions<Socket> {
  /**
   * Names the tenant beside the request, such as from `socket.handshake.auth`, which the client has
   * written: check a token in it. `undefined` leaves it to the request. If the request names a tenant
   * too, both have to be the same.
   */
  readonly tenant?: (socket: Socket) => MaybePromise<TenantRef | undefined>;
  /** Which peers' `X-Forwarded-Host` counts; as in the HTTP adapters. Default `false`. */
  readonly trustProxy?: TrustProxy;
}

/** A middleware of a Socket.IO namespace. */
export type HandshakeMiddleware<Socket> = (socket: Socket, next: (error?: Error) => void) => void;

/**
 * Makes a middleware for `io.use` that finds the tenant of each socket, and refuses it if there is
 * none. All that the socket hears, and the listeners of `connection`, run in the tenant's scope.
 *
 * Rooms are the tenant's own: `socket.join`, `leave`, `to`, `in`, `except` and `broadcast` reach no
 * other tenant's sockets. The tenant is looked up again for each event; when it is no longer active
 * the socket is disconnected.
 *
 * Each namespace has middleware of its own: use it in all of them.
 *
 * @example
 * ```ts
 * io.use(tenantHandshake(tenancy));
 * io.on("connection", (socket) => {
 *   socket.on("note", async (text) => {
 *     await tenancy.pool.query("insert into notes (text) values ($1)", [text]);
 *     socket.to("lobby").emit("note", text);
 *   });
 * });
 * ```
 * @throws TenancyError `INVALID_CONFIG` for a wrong option
 */
export function tenantHandshake<Socket extends SocketLike>(
  tenancy: SocketTenancy,
  options: HandshakeOptions<Socket> = {},
): HandshakeMiddleware<Socket> {
  const { tenant: name, trustProxy = false } = options;
  const onUnknown = name === undefined ? "respond" : "pass";
  const settings = parseHttpOptions<unknown, never>({ onUnknown, trustProxy });
  return (socket, next) => {
    // ISOLATION: the scope in force here is the one that the server was started in, if any.
    // integration/sockets/socket-io.test.ts
    void enterDecision(tenancy, SKIPPED, async () => {
      try {
        const internals = internalsOf(socket);
        const decision = await decideSocket(tenancy, socket, settings, name);
        if (decision.refusal !== undefined) return next(toError(decision.refusal));
        bindSocket(tenancy, socket, internals, scopeIn(decision));
        return enterDecision(tenancy, decision, ({ refusal }) => next(refusal && toError(refusal)));
      } catch (error) {
        tenancy.logger.error({ err: error }, "socket not resolved");
        const isOurs =
          isTenancyError(error, "INVALID_CONFIG") || isTenancyError(error, "UNSUPPORTED_PEER");
        return next(isOurs ? error : toError(refusalFor("failed", undefined, error)));
      }
    });
  };
}

async function decideSocket<Socket extends SocketLike>(
  tenancy: SocketTenancy,
  socket: Socket,
  settings: HttpSettings<unknown, never>,
  name: HandshakeOptions<Socket>["tenant"],
): Promise<Decision> {
  const decision = await decideNode(tenancy, { raw: socket, request: socket.request, settings });
  if (name === undefined || decision.refusal !== undefined) return decision;
  const ref = await name(socket);
  const found = ref === undefined ? undefined : await findNamed(tenancy, ref);
  const isNamedByRequest = decision.resolution?.kind !== "unknown";
  if (found === undefined) {
    return isNamedByRequest
      ? decision
      : { ...SKIPPED, refusal: refusalFor("unknown", decision.resolution) };
  }
  if ("kind" in found) return { ...SKIPPED, refusal: found };
  // ISOLATION: an admin's or another tenant's host with a tenant's token is a mistake or an attack.
  // integration/sockets/socket-io.test.ts
  if (isNamedByRequest && decision.tenant?.id !== found.id) {
    const names = [decision.tenant?.slug ?? "global", found.slug];
    return { ...SKIPPED, refusal: refusalFor("conflict", { kind: "conflict", names }) };
  }
  const resolution = { kind: "tenant", tenant: found } as const;
  return { ...decision, resolution, scope: resolution, tenant: found };
}

/** Looks up what the application has named; what cannot be entered is a refusal. */
async function findNamed(tenancy: SocketTenancy, ref: TenantRef): Promise<Tenant | Refusal> {
  try {
    const { tenant } = await tenancy.tenant(ref, { allow: TENANT_STATES });
    const resolution = toTenantResolution(tenant);
    return resolution.kind === "tenant" ? tenant : refusalFor(resolution.kind, resolution);
  } catch (error) {
    if (isTenancyError(error, "TENANT_NOT_FOUND")) return refusalFor("unknown", undefined);
    if (isTenancyError(error, "INVALID_TENANT_ID")) return refusalFor("invalid", undefined);
    const refusal = refusalForError(error);
    if (refusal === undefined) throw error;
    return refusal;
  }
}

function scopeIn({ tenant }: Decision): Scope {
  return tenant === undefined ? GLOBAL_SCOPE : scopeOf(tenant);
}

/** What the client's `connect_error` gets: the fields of `data`, and the message. */
function toError({ error, message, retryable }: Refusal): Error {
  return Object.assign(new Error(message), { data: { error, message, retryable } });
}
