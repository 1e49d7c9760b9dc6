import type { IncomingMessage } from "node:http";
import type { Tenancy } from "../../../core/tenancy.ts";
import { TenancyError } from "../../../errors/tenancy-error.ts";
import type { HttpTenancy } from "../common/options.ts";

/** The part of a tenancy that sockets use. */
export type SocketTenancy = HttpTenancy & Pick<Tenancy, "tenant">;

/** The part of a Socket.IO socket that is used here, so that the package stays an optional peer. */
export interface SocketLike {
  /** Id of the socket, in its namespace. */
  readonly id: string;
  /** Whether events are still delivered. */
  readonly connected: boolean;
  /** The request of the handshake. */
  readonly request: IncomingMessage;
  /** The connection, which may carry sockets of several namespaces. */
  readonly conn: { close(): unknown };
  /** Ends the socket, and not the connection. */
  disconnect(): unknown;
}

/** The parts of a socket that its package keeps to itself; they are the same in all of 4.8. */
export interface SocketInternals {
  /** Hears whatever the client sends: events, acknowledgements, the end. */
  _onpacket: (packet: unknown) => void;
  /** Hears that the connection has ended. */
  _onclose: (reason: unknown, description?: unknown) => unknown;
  /** Hears of an error. */
  _onerror: (error: unknown) => void;
  /** Makes what `to`, `in`, `except`, `local` and `broadcast` begin with. */
  newBroadcastOperator: () => object;
  join: (rooms: string | string[]) => unknown;
  leave: (room: string) => unknown;
  readonly nsp: { readonly server: { readonly _opts?: { connectionStateRecovery?: unknown } } };
}

const METHODS = [
  "_onclose",
  "_onerror",
  "_onpacket",
  "join",
  "leave",
  "newBroadcastOperator",
] as const;

/**
 * Returns what there is to a socket beside its public face.
 *
 * @throws TenancyError `UNSUPPORTED_PEER` when it is not all there; `INVALID_CONFIG` when the server
 *   recovers sockets: it sends a recovered one what was missed before any middleware is asked
 */
export function internalsOf(socket: SocketLike): SocketInternals {
  const internals = socket as unknown as SocketInternals;
  const isKnown =
    METHODS.every((name) => typeof internals[name] === "function") &&
    Array.isArray((socket.request as Partial<IncomingMessage> | undefined)?.rawHeaders);
  if (!isKnown) {
    throw new TenancyError(
      "UNSUPPORTED_PEER",
      "This is no socket of Socket.IO 4.8 on `node:http`.",
    );
  }
  // ISOLATION: who knows the private id of another tenant's session would be put into its rooms.
  // integration/sockets/socket-io.test.ts
  if (internals.nsp.server._opts?.connectionStateRecovery !== undefined) {
    throw new TenancyError(
      "INVALID_CONFIG",
      "`connectionStateRecovery` of Socket.IO gives back rooms without asking whose they are.",
      { remedy: "Turn it off, and let clients load what they have missed." },
    );
  }
  return internals;
}
