import { describe, expect, it } from "vitest";
import type { Tenant } from "../../../src/core/tenant.ts";
import type { LifecycleDeps } from "../../../src/lifecycle/deps.ts";
import { everyTenant, tenantsBehind } from "../../../src/tenancy/fleet-selection.ts";

const COUNT = 1_100;
const ALL = { except: new Set<string>(), only: undefined, states: undefined };

/** A registry of so many tenants, one of which is renamed when the first page was read. */
function registryOf(count: number, onPage: (tenants: Map<string, string>) => void) {
  const slugs = new Map(
    Array.from({ length: count }, (_, index) => [
      `id${index}`,
      `t${String(index).padStart(5, "0")}`,
    ]),
  );
  let pages = 0;
  const list = async (
    _on: unknown,
    { cursor = "", limit }: { readonly cursor?: string; readonly limit: number },
  ): Promise<{ nextCursor: string | undefined; tenants: Tenant[] }> => {
    pages += 1;
    const behind = [...slugs].filter(([, slug]) => slug > cursor);
    const page = behind.toSorted(([, a], [, b]) => (a < b ? -1 : 1)).slice(0, limit);
    onPage(slugs);
    return {
      nextCursor: behind.length > limit ? page.at(-1)?.[1] : undefined,
      tenants: page.map(([id, slug]) => ({ id, slug }) as Tenant),
    };
  };
  const deps = { driver: {}, registry: { list }, settings: { lockTimeoutMs: 0 } };
  return { deps: deps as unknown as LifecycleDeps, pages: () => pages };
}

async function idsOf(tenants: AsyncGenerator<Tenant, void, undefined>): Promise<string[]> {
  const ids: string[] = [];
  for await (const { id } of tenants) ids.push(id);
  return ids;
}

describe("the tenants of a run", () => {
  it.each([
    ["all of them", everyTenant],
    [
      "those that are behind",
      (...given: Parameters<typeof everyTenant>) => tenantsBehind(...given, "digest"),
    ],
  ])("are each read once, and none is missed that is renamed meanwhile: %s", async (_what, of) => {
    const last = `id${COUNT - 1}`;
    const { deps } = registryOf(COUNT, (slugs) => slugs.set(last, "a-renamed"));
    const ids = await idsOf(of(deps, ALL, []).read());
    expect(ids).toContain(last);
    expect(new Set(ids).size).toBe(COUNT);
    expect(ids).toHaveLength(COUNT);
  });

  it("are read by one query where they are one page", async () => {
    const { deps, pages } = registryOf(300, () => undefined);
    expect(await idsOf(tenantsBehind(deps, ALL, [], "digest").read())).toHaveLength(300);
    expect(pages()).toBe(1);
  });
});
