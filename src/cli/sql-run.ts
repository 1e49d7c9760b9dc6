import type { ForEachItem, TenantFilter } from "../core/reports.ts";
import type { CommonOptions } from "./context.ts";
import type { EveryTenantFlags } from "./every-tenant.ts";
import type { Output } from "./output.ts";

/** What `kirayedar sql` was asked to do. */
export interface SqlRun {
  /** Its options. */
  readonly options: EveryTenantFlags & CommonOptions;
  /** Where the result goes. */
  readonly output: Output;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
  /** The SQL. */
  readonly text: string;
  /** The tenants. */
  readonly where: TenantFilter;
}

/** A tenant in which it failed. */
export type SqlFailure = Pick<Extract<ForEachItem, { ok: false }>, "error" | "tenant">;
