import type { EventEmitter } from "node:events";
import type { Readable } from "node:stream";
import type { InScope } from "../../../core/scope.ts";

type Emit = (this: EventEmitter, name: string | symbol, ...args: unknown[]) => boolean;

/** The scopes of an emitter's listeners, one for each tenancy that has seen it. */
interface Binding {
  readonly owner: object;
  inScope: InScope;
  outer: Binding | undefined;
}

// A property: thousands of short-lived keys of a weak map are work for the garbage collector.
const BINDING = Symbol("kirayedar.binding");

/**
 * Makes the listeners of a request, a response or a socket run in the request's scope. Node emits
 * `data`, `finish`, `close` and `drain` from the connection, which knows of no request.
 *
 * @param owner - the tenancy; a later scope of the same one replaces the earlier
 */
export function bindEmitter(emitter: EventEmitter, owner: object, inScope: InScope): void {
  const holder = emitter as { [BINDING]?: Binding; emit: Emit };
  const first = holder[BINDING];
  let binding = first;
  while (binding !== undefined && binding.owner !== owner) binding = binding.outer;
  if (binding !== undefined) {
    binding.inScope = inScope;
    return;
  }
  const own: Binding = { inScope, outer: first, owner };
  holder[BINDING] = own;
  if (first !== undefined) return;
  const { emit } = holder;
  // ISOLATION: without it a listener would run in whatever scope happens to be in force where the
  // event comes from, which may be another request's. integration/http/conformance.test.ts
  holder.emit = function emitInScope(name, ...args) {
    if (this.listenerCount(name) === 0) return emit.call(this, name, ...args);
    return enterAll(holder[BINDING], () => emit.call(this, name, ...args));
  };
}

function enterAll<T>(binding: Binding | undefined, fn: () => T): T {
  if (binding === undefined) return fn();
  const { inScope, outer } = binding;
  return outer === undefined ? inScope(fn) : enterAll(outer, () => inScope(fn));
}

/**
 * Makes what follows a response on its connection run outside of the request's scope.
 *
 * @param outside - enters the scope in which the request came in, which is none as a rule
 */
export function releaseConnection(response: EventEmitter, outside: InScope): void {
  const listeners = response.rawListeners("finish") as ((...args: unknown[]) => unknown)[];
  const own = listeners.find(({ name }) => name === "bound resOnFinish");
  if (own === undefined) return;
  response.removeListener("finish", own);
  // ISOLATION: Node's own listener starts to send the next response of a pipelined connection. If
  // that one's request has no scope, its listeners would run in this one's. integration/http/node.test.ts
  response.prependListener("finish", (...args) => outside(() => own(...args)));
}

/** Makes a stream be read, and its listeners be called, in the request's scope. */
export function bindReadable(stream: Readable, owner: object, inScope: InScope): void {
  bindEmitter(stream, owner, inScope);
  // Streams of the time before `read` only have events.
  if (typeof stream.read !== "function") return;
  const read: (size?: number) => unknown = stream.read.bind(stream);
  stream.read = (size) => inScope(() => read(size));
}

/**
 * Returns a stream with the content of `body` that is pulled and cancelled in the request's scope,
 * wherever it is read. Nothing is read ahead.
 */
export function bindBody(
  body: ReadableStream<Uint8Array>,
  inScope: InScope,
): ReadableStream<Uint8Array> {
  let reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  return new ReadableStream<Uint8Array>(
    {
      cancel: (reason: unknown) => inScope(() => (reader ?? body).cancel(reason)),
      async pull(controller) {
        const source = (reader ??= body.getReader());
        const { done, value } = await inScope(() => source.read());
        if (done) controller.close();
        else controller.enqueue(value);
      },
    },
    { highWaterMark: 0 },
  );
}

/** Returns a response like `response` whose body is read in the request's scope. */
export function bindResponse(response: Response, inScope: InScope): Response {
  if (isMadeOfBytes(response)) return response;
  const { body } = response;
  if (body === null || body.locked) return response;
  return new Response(bindBody(body, inScope), response);
}

/**
 * `@hono/node-server` puts responses of its own in the place of the global ones: they keep status,
 * body and headers in a symbol property, and are sent several times faster as long as nobody
 * asks for `body`. Where this does not recognise one it is wrapped, which is slower but not wrong.
 */
function isMadeOfBytes(response: Response): boolean {
  return Object.getOwnPropertySymbols(response).some((key) => {
    const made = (response as unknown as Record<symbol, unknown>)[key];
    if (!Array.isArray(made) || typeof made[0] !== "number") return false;
    const body: unknown = made[1];
    return body === null || typeof body === "string" || body instanceof Uint8Array;
  });
}
