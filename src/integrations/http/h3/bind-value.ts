import { Readable } from "node:stream";
import type { InScope } from "../../../core/scope.ts";
import { bindBody, bindReadable, bindResponse } from "../common/bind.ts";

/**
 * Returns a handler's result in a form whose streams are read in the request's scope: h3 makes a
 * response of it, and sends it, outside.
 */
// ISOLATION: a stream that is read elsewhere queries in the scope of whoever reads, if there is one.
// integration/http/h3.test.ts
export function bindValue(value: unknown, owner: object, inScope: InScope): unknown {
  if (value instanceof Response) return bindResponse(value, inScope);
  if (isStream(value)) return bindStream(value, owner, inScope);
  // h3's own `HTTPResponse`, which `iterable()`, `html()` and others return.
  const holder = value as { body?: unknown } | null | undefined;
  if (typeof value === "object" && isStream(holder?.body)) {
    (value as { body: unknown }).body = bindStream(holder?.body, owner, inScope);
  }
  return value;
}

type Stream = ReadableStream<Uint8Array> | Readable;

function isStream(value: unknown): value is Stream {
  return value instanceof ReadableStream || value instanceof Readable;
}

function bindStream(stream: Stream | undefined, owner: object, inScope: InScope): unknown {
  if (stream instanceof ReadableStream) {
    return stream.locked ? stream : bindBody(stream, inScope);
  }
  if (stream !== undefined) bindReadable(stream, owner, inScope);
  return stream;
}
