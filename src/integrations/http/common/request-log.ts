import type { Decision } from "./decide.ts";

interface ChildLogger {
  child(bindings: object): unknown;
}

/**
 * Adds tenant and host to the lines of a request's own logger (pino's `log`), if it has one: the
 * property is replaced by a child.
 */
export function bindRequestLog(holder: object, decision: Decision): void {
  const { host, tenant } = decision;
  if (tenant === undefined) return;
  const { log } = holder as { log?: Partial<ChildLogger> };
  if (typeof log?.child !== "function") return;
  (holder as { log: unknown }).log = log.child({ host, tenant: tenant.slug });
}
