import type { IncomingMessage } from "node:http";
import { keepRawRequest } from "./raw-request.ts";

/** A request of Node's, and how it is to be seen. */
export interface NodeTarget {
  /** Node's own. */
  readonly request: IncomingMessage;
  /** Path and query, with the prefix of every router. */
  readonly target: string;
  /** The framework's own. */
  readonly raw: unknown;
  /** What a parser has read already. Default: `request.body`, as Express has it. */
  readonly body?: unknown;
}

/**
 * Makes a Fetch request of Node's.
 *
 * @param signal - aborted when the client goes
 */
export function toFetchRequest(from: NodeTarget, signal: AbortSignal): Request {
  const { raw, request } = from;
  const method = request.method ?? "GET";
  const isReading = method === "GET" || method === "HEAD";
  const made = new Request(urlOf(from), {
    // Node streams its bodies in one direction at a time.
    duplex: "half",
    headers: headersOf(request),
    method,
    signal,
    ...(!isReading && { body: bodyOf(from) }),
  } as RequestInit);
  keepRawRequest(made, raw);
  return made;
}

/** The host decides nothing but whose pages may ask; one that is malformed is nobody's. */
function urlOf({ request, target }: NodeTarget): URL {
  const isSecure = (request.socket as { readonly encrypted?: boolean } | null)?.encrypted === true;
  const scheme = isSecure ? "https" : "http";
  const host = request.headers.host ?? request.headers[":authority"];
  const base = `${scheme}://${typeof host === "string" ? host : "localhost"}`;
  const url = new URL(URL.canParse(base) ? base : `${scheme}://invalid.invalid`);
  // Set part by part: resolved against a base, `//other.example/` would name another host.
  const query = target.indexOf("?");
  url.pathname = query === -1 ? target : target.slice(0, query);
  url.search = query === -1 ? "" : target.slice(query);
  return url;
}

function headersOf(request: IncomingMessage): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries(request.headers)) {
    // HTTP/2 has the request line in headers whose names no header may have.
    if (value === undefined || name.startsWith(":")) continue;
    for (const each of [value].flat()) headers.append(name, each);
  }
  return headers;
}

function bodyOf({ body, request }: NodeTarget): RequestInit["body"] {
  const parsed = body ?? (request as { readonly body?: unknown }).body;
  if (parsed === undefined || !request.readableEnded) {
    // Express 5 has no body before a parser has run; older parsers leave an empty object.
    if (!request.readableEnded) return streamOf(request);
    return null;
  }
  if (typeof parsed === "string") return parsed;
  if (parsed instanceof Uint8Array) return new Uint8Array(parsed);
  return JSON.stringify(parsed);
}

/**
 * Reads a body when it is asked for, and not before: what was begun and left would stop its connection, on
 * which a proxy sends the next request of somebody else.
 */
function streamOf(request: IncomingMessage): ReadableStream<Uint8Array> {
  let chunks: AsyncIterator<Uint8Array> | undefined;
  return new ReadableStream<Uint8Array>(
    {
      cancel: async () => void (await chunks?.return?.()),
      pull: async (controller) => {
        // Left alive, so that the answer still gets out.
        chunks ??= request.iterator({ destroyOnReturn: false }) as AsyncIterator<Uint8Array>;
        const { done, value } = await chunks.next();
        if (done === true) controller.close();
        else controller.enqueue(value);
      },
    },
    { highWaterMark: 0 },
  );
}
