import { AsyncResource } from "node:async_hooks";
import type { EventEmitter } from "node:events";
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { captureScope } from "../../../core/scope.ts";
import type { Tenancy } from "../../../core/tenancy.ts";
import { isTenancyError } from "../../../errors/tenancy-error.ts";
import { bindEmitter } from "../common/bind.ts";
import type { HttpTenancy } from "../common/options.ts";
import { type UpgradeOptions, withTenantUpgrade } from "./upgrade.ts";

/** The part of a `WebSocketServer` of `ws` (made with `noServer: true`) that is used here. */
export interface WebSocketServerLike {
  /** Answers the request, and makes a socket of the connection. */
  handleUpgrade(
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    // oxlint-disable-next-line typescript/no-explicit-any -- the socket's type is the package's own
    done: (socket: any, request: IncomingMessage) => void,
  ): void;
  /** Tells that there is a connection. */
  emit(name: string, ...args: unknown[]): boolean;
}

/** The part of a `WebSocket` of `ws` that is used here. */
interface WebSocketLike extends EventEmitter {
  close(code: number, reason: string): void;
  send: Send;
  ping: Send;
  pong: Send;
}

type Send = (...args: unknown[]) => unknown;

/** How {@link tenantWebSockets} treats connections. */
export interface WebSocketOptions extends UpgradeOptions {
  /**
   * How often, in milliseconds, messages have the tenant looked up again. Default 1,000. When it is no
   * longer what it was the socket is closed: with code 1008 if it is gone or not active, with 1012 if
   * its schema has another name, so that the client comes again.
   */
  readonly recheckMs?: number;
}

/**
 * Makes a listener for a server's `upgrade` event that gives each connection to a `WebSocketServer`
 * of `ws`. The listeners of its `connection` event, and of the sockets, run in the tenant's scope.
 *
 * @example
 * ```ts
 * const sockets = new WebSocketServer({ noServer: true });
 * sockets.on("connection", (socket) => socket.on("message", save));
 * server.on("upgrade", tenantWebSockets(tenancy, sockets));
 * ```
 * @throws TenancyError `INVALID_CONFIG` for a wrong option
 */
export function tenantWebSockets(
  tenancy: HttpTenancy & Pick<Tenancy, "tenant">,
  server: WebSocketServerLike,
  options: WebSocketOptions = {},
): (request: IncomingMessage, socket: Duplex, head: Buffer) => void {
  const { recheckMs = 1000 } = options;
  return withTenantUpgrade(
    tenancy,
    (request, connection, head) => {
      const inScope = captureScope();
      server.handleUpgrade(request, connection, head, (socket: WebSocketLike) => {
        // ISOLATION: compressed messages wait in a queue of all connections, and come out of it in a
        // context that is not the connection's. leak/web-sockets.test.ts
        bindEmitter(socket, tenancy, inScope);
        bindCallbacks(socket);
        inScope(() => {
          watchTenant(tenancy, socket, recheckMs);
          server.emit("connection", socket, request);
        });
      });
    },
    options,
  );
}

/** Makes the callbacks of what is sent run where they were given; they come from the same queue. */
function bindCallbacks(socket: WebSocketLike): void {
  for (const name of ["send", "ping", "pong"] as const) {
    const send = socket[name];
    socket[name] = (...args) => {
      const bound = args.map((arg) =>
        typeof arg === "function" ? AsyncResource.bind(arg as () => unknown) : arg,
      );
      return send.apply(socket, bound);
    };
  }
}

/** Closes a socket when messages find that its tenant is no longer what it was. */
function watchTenant(
  tenancy: HttpTenancy & Pick<Tenancy, "tenant">,
  socket: WebSocketLike,
  recheckMs: number,
): void {
  const scope = tenancy.currentScope();
  if (scope?.kind !== "tenant") return;
  const { id, schemaName } = scope.tenant;
  let checkedAt = performance.now();
  socket.on("message", () => {
    if (performance.now() - checkedAt < recheckMs) return;
    checkedAt = performance.now();
    tenancy.tenant({ id }).then(
      ({ tenant }) => {
        if (tenant.schemaName !== schemaName) socket.close(1012, "tenant was renamed");
      },
      (error: unknown) => {
        const isOver =
          isTenancyError(error, "TENANT_NOT_FOUND") || isTenancyError(error, "TENANT_NOT_ACTIVE");
        socket.close(isOver ? 1008 : 1012, isOver ? "tenant is not active" : "try again later");
      },
    );
  });
}
