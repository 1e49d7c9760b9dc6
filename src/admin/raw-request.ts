const requests = new WeakMap<Request, unknown>();

/** Remembers what a framework calls the same request. */
export function keepRawRequest(request: Request, raw: unknown): void {
  requests.set(request, raw);
}

/** Returns what a framework calls the same request; `undefined` if nobody said. */
export function rawRequestOf(request: Request): unknown {
  return requests.get(request);
}
