import type { Tenancy } from "../core/tenancy.ts";
import type { Live } from "./live.ts";
import type { OperationRegistry } from "./operations.ts";
import type { SizeCache } from "./size-cache.ts";

/** What the routes of one console work with. */
export interface Console {
  /** The tenants. */
  readonly tenancy: Tenancy;
  /** What takes time. */
  readonly operations: OperationRegistry;
  /** Whom to tell of changes. */
  readonly live: Live;
  /** The largest tenants, as of the last minute. */
  readonly sizes: SizeCache;
  /** Path that it is mounted at, without a slash at its end. */
  readonly basePath: string;
}
