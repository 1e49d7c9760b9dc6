import { type IncomingMessage, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import { attempt, isPromise } from "../../../internal/maybe-promise.ts";
import { captureScope } from "../../../core/scope.ts";
import { bindEmitter } from "../common/bind.ts";
import { type Decision, enterDecision, SKIPPED } from "../common/decide.ts";
import { assignDecision, decideNode, stripUrl } from "../common/node-scope.ts";
import { type HttpOptions, type HttpTenancy, parseHttpOptions } from "../common/options.ts";
import { renderRefusal } from "../common/reply.ts";
import { bindRequestLog } from "../common/request-log.ts";
import { rememberDecision } from "../common/request-state.ts";
import { type Refusal, refusalFor } from "../common/status.ts";
import type { TenantRequest } from "./with-tenant.ts";

/** Takes over a connection, in its tenant's scope. */
export type UpgradeHandler = (request: TenantRequest, socket: Duplex, head: Buffer) => unknown;

/** How {@link withTenantUpgrade} treats requests. */
export type UpgradeOptions = Pick<
  HttpOptions<IncomingMessage, never>,
  "assignKey" | "onUnknown" | "retryAfterSeconds" | "skip" | "trustProxy"
>;

/**
 * Makes a listener for a server's `upgrade` event that calls `handler` in the connection's tenant's
 * scope: for WebSockets. Whatever the socket emits later is handled in the scope as well, so that a
 * query in `ws.on("message", …)` runs in the tenant's schema.
 *
 * A refused request is answered over the socket, which is then closed.
 *
 * @example
 * ```ts
 * server.on("upgrade", withTenantUpgrade(tenancy, (req, socket, head) => {
 *   wss.handleUpgrade(req, socket, head, (ws) => wss.emit("connection", ws, req));
 * }));
 * ```
 * @throws TenancyError `INVALID_CONFIG` for a wrong option
 */
export function withTenantUpgrade(
  tenancy: HttpTenancy,
  handler: UpgradeHandler,
  options: UpgradeOptions = {},
): (request: IncomingMessage, socket: Duplex, head: Buffer) => void {
  const settings = parseHttpOptions<IncomingMessage, never>(options);
  const proceed = (
    request: TenantRequest,
    socket: Duplex,
    head: Buffer,
    decision: Decision,
  ): void => {
    enterDecision(tenancy, decision, (decision) => {
      if (decision.refusal !== undefined) {
        return refuse(request, socket, decision.refusal, settings.retryAfterSeconds);
      }
      assignDecision(request, settings, decision);
      stripUrl(request, decision);
      rememberDecision(request, tenancy, decision);
      bindRequestLog(request, decision);
      // The socket is this tenant's alone from here on.
      bindEmitter(socket, tenancy, captureScope());
      return handler(request, socket, head);
    });
  };
  return (request, socket, head) => {
    // Node leaves the socket without a listener, and an unheard `error` ends the process.
    const ignore = (): void => undefined;
    socket.on("error", ignore);
    const go = (decision: Decision): void => {
      if (decision.refusal === undefined) socket.off("error", ignore);
      proceed(request as TenantRequest, socket, head, decision);
    };
    const decision = attempt(() => decideNode(tenancy, { raw: request, request, settings }));
    if (!isPromise(decision)) return go(decision);
    decision.then(go, (error: unknown) =>
      enterDecision(tenancy, SKIPPED, () => {
        tenancy.logger.error({ err: error }, "request not resolved");
        refuse(request, socket, refusalFor("failed", undefined, error), 0);
      }),
    );
  };
}

function refuse(
  request: IncomingMessage,
  socket: Duplex,
  refusal: Refusal,
  retryAfterSeconds: number,
): void {
  const reply = renderRefusal(refusal, request.headers.accept, retryAfterSeconds);
  const headers = {
    ...reply.headers,
    connection: "close",
    "content-length": String(Buffer.byteLength(reply.body)),
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  const status = `HTTP/1.1 ${reply.status} ${STATUS_CODES[reply.status] ?? ""}`;
  // Node waits for the other side to end it too, which a client may never do; the server could not stop.
  socket.once("finish", () => socket.destroy());
  socket.end([status, ...lines, "", reply.body].join("\r\n"));
}
