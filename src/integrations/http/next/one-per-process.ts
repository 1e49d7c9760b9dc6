import { checkRuntime } from "./environment.ts";

const SLOT = Symbol.for("kirayedar.next");

/**
 * Makes something once in a process, and returns it ever after: Next bundles a module several times
 * (for pages, for route handlers, for `proxy.ts`), and in development loads it anew after each change,
 * so that a tenancy in a module of its own would still be several, each with a pool.
 *
 * @param name - tells it from others of the process
 * @example
 * ```ts
 * export const tenancy = onePerProcess("tenancy", () => createTenancy({ … }));
 * ```
 * @throws TenancyError `INVALID_CONFIG` in the edge runtime
 */
export function onePerProcess<T>(name: string, make: () => T): T {
  checkRuntime();
  const holder = globalThis as { [SLOT]?: Map<string, unknown> };
  const made = (holder[SLOT] ??= new Map<string, unknown>());
  if (!made.has(name)) made.set(name, make());
  return made.get(name) as T;
}
