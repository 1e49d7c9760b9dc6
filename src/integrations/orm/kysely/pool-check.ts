import { TenancyError } from "../../../errors/tenancy-error.ts";
import type { LentPool } from "../common/lent-pool.ts";

/** The part of Kysely's plugin contract that is implemented here. */
export interface PoolCheckPlugin {
  /** Sees every query before it is sent. */
  transformQuery<Node>(args: { readonly node: Node }): Node;
  /** Sees every answer before the caller does. */
  transformResult<Result>(args: { readonly result: Result }): Promise<Result>;
}

/**
 * Makes a plugin that refuses a Kysely which does not use the pool that it was lent. A dialect does not
 * tell which pool it has, so it is noticed when an answer comes that the pool knows nothing of.
 */
export function poolCheck({ isUsed }: Pick<LentPool<unknown>, "isUsed">): PoolCheckPlugin {
  let isBypassed = false;
  const refuse = (): never => {
    throw new TenancyError("INVALID_CONFIG", "The Kysely does not use the tenancy's pool.", {
      remedy: "Give the pool that the function is called with to the dialect.",
    });
  };
  return {
    transformQuery: ({ node }) => (isBypassed ? refuse() : node),
    // ISOLATION: rows from elsewhere are everybody's. integration/orm/kysely/tenant-kysely.test.ts
    transformResult: async ({ result }) => {
      if (isUsed()) return result;
      isBypassed = true;
      return refuse();
    },
  };
}
