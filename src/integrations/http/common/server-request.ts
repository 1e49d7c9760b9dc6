import type { IncomingMessage, ServerResponse } from "node:http";
import type { InScope } from "../../../core/scope.ts";
import type { ResolveRequest } from "../../../core/resolution.ts";
import { bindEmitter, releaseConnection } from "./bind.ts";
import { type FetchReadOptions, readFetchRequest } from "./fetch-request.ts";
import { readNodeRequest } from "./node-request.ts";

/** Node's own request and response behind a Fetch request. */
export interface NodeParts {
  readonly incoming: IncomingMessage;
  /** `undefined` for a connection that becomes a WebSocket. */
  readonly outgoing: ServerResponse | undefined;
}

/** Returns Node's own request and response where srvx, the server of h3 and of Elysia, made `request`. */
export function nodePartsOf(request: Request): NodeParts | undefined {
  const { runtime } = request as {
    runtime?: { node?: { req?: IncomingMessage; res?: ServerResponse } };
  };
  const incoming = runtime?.node?.req;
  return incoming !== undefined && Array.isArray(incoming.rawHeaders)
    ? { incoming, outgoing: runtime?.node?.res }
    : undefined;
}

/** How {@link readServerRequest} reads. */
export interface ServerReadOptions extends Omit<FetchReadOptions, "remoteAddress"> {
  /** Node's parts, where there are any. */
  readonly node: NodeParts | undefined;
  /** Tells the peer's address, where the application knows better than Node. */
  readonly remoteAddress: (() => string | undefined) | undefined;
  /** Path and query by which the framework chooses the route. */
  readonly target: string;
}

/**
 * Reads from a Fetch request what resolvers look at; from Node's own request where there is one,
 * because that tells several headers of one name from one with commas.
 */
export function readServerRequest(request: Request, options: ServerReadOptions): ResolveRequest {
  const { node, raw, remoteAddress, target, trusts } = options;
  const address =
    remoteAddress === undefined ? node?.incoming.socket?.remoteAddress : remoteAddress();
  if (node === undefined) {
    return { ...readFetchRequest(request, { raw, remoteAddress: address, trusts }), url: target };
  }
  return readNodeRequest(node.incoming, { raw, trusts: () => trusts(address), url: target });
}

/** Makes the listeners of Node's own request and response run in the request's scope. */
export function bindNodeParts(
  { incoming, outgoing }: NodeParts,
  owner: object,
  { inScope, outside }: { readonly inScope: InScope; readonly outside: InScope },
): void {
  bindEmitter(incoming, owner, inScope);
  // A WebSocket: the connection is this tenant's alone from here on.
  if (outgoing === undefined) return bindEmitter(incoming.socket, owner, inScope);
  bindEmitter(outgoing, owner, inScope);
  releaseConnection(outgoing, outside);
}

/** Returns path and query of an absolute URL as they are written in it. */
export function targetOf(url: string): string {
  const start = url.indexOf("/", url.indexOf("://") + 3);
  return start < 0 ? "/" : url.slice(start);
}
