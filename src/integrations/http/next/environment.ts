import { TenancyError } from "../../../errors/tenancy-error.ts";

/**
 * Refuses the edge runtime, which has no sockets: nothing could be queried there.
 *
 * @throws TenancyError `INVALID_CONFIG`
 */
export function checkRuntime(): void {
  if (process.env["NEXT_RUNTIME"] !== "edge" && !("EdgeRuntime" in globalThis)) return;
  throw new TenancyError("INVALID_CONFIG", "A tenancy cannot be used in the edge runtime.", {
    remedy: 'Remove `export const runtime = "edge"`; `proxy.ts` runs in Node by itself.',
  });
}
