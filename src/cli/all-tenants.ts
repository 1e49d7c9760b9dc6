import type { ListOptions } from "../core/registry.ts";
import type { Tenancy } from "../core/tenancy.ts";
import type { Tenant } from "../core/tenant.ts";

/** Largest page that `list` returns. */
export const MAX_PAGE_SIZE = 1000;

/** Reads every tenant that a filter lets through, by slug, one large page at a time. */
export async function* allTenants(
  tenancy: Tenancy,
  filter: Omit<ListOptions, "cursor" | "limit"> = {},
): AsyncGenerator<Tenant, void, undefined> {
  let cursor: string | undefined;
  do {
    const page = await tenancy.list({
      ...filter,
      limit: MAX_PAGE_SIZE,
      ...(cursor !== undefined && { cursor }),
    });
    yield* page.tenants;
    cursor = page.nextCursor;
  } while (cursor !== undefined);
}
