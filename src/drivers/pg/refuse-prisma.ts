import { TenancyError } from "../../errors/tenancy-error.ts";

/**
 * Refuses an adapter of Prisma that was given the pool of all tenants. Nothing else that the adapter does
 * before its first query shows what it is than its listener, which calls the adapter's public option
 * `onPoolError`.
 *
 * @throws TenancyError `INVALID_CONFIG`
 */
export function refusePrisma(listener: unknown): void {
  const text = typeof listener === "function" ? Function.prototype.toString.call(listener) : "";
  if (!text.includes("onPoolError")) return;
  throw new TenancyError(
    "INVALID_CONFIG",
    "An adapter of Prisma was given the pool of all tenants: it would read `public` in each of them.",
    { remedy: "Make the client by `tenantPrisma` of `kirayedar/prisma`." },
  );
}
