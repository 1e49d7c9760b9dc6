import { beforeEach, describe, expect, it } from "vitest";
import type { TenantHealth } from "../../../src/core/tenancy.ts";
import {
  createHealthReply,
  type HealthTenancy,
} from "../../../src/integrations/http/common/health.ts";
import { fakeTenant } from "../../support/pg-world.ts";

let atOnce = 0;
let mostAtOnce = 0;
let lists = 0;
const lines: string[] = [];

beforeEach(() => {
  [atOnce, mostAtOnce, lists] = [0, 0, 0];
  lines.splice(0);
});

/** Ten tenants in pages of four; `changes` says what is not healthy. */
function fleet(changes: Record<string, Partial<TenantHealth> | Error> = {}): HealthTenancy {
  const slugs = Array.from({ length: 10 }, (_, index) => `t${index}`);
  const log = (): void => undefined;
  return {
    healthCheck: async (ref) => {
      const slug = typeof ref === "string" ? ref : (ref as { slug?: string }).slug;
      if (slug === undefined) throw new Error("no slug");
      atOnce += 1;
      mostAtOnce = Math.max(mostAtOnce, atOnce);
      await new Promise((resolve) => {
        setImmediate(resolve);
      });
      atOnce -= 1;
      const change = changes[slug];
      if (change instanceof Error) throw change;
      return {
        healthy: change === undefined,
        pending: [],
        schemaExists: true,
        schemaName: `tenant_${slug}`,
        state: "active",
        tableCount: 1,
        tenant: slug,
        version: null,
        ...change,
      };
    },
    list: async ({ cursor = "0", state } = {}) => {
      lists += 1;
      if (changes["list"] instanceof Error) throw changes["list"];
      if (state !== "active") throw new Error("only active ones were to be listed");
      const start = Number(cursor);
      const tenants = slugs.slice(start, start + 4).map((slug) => fakeTenant(slug));
      return { nextCursor: start + 4 < slugs.length ? String(start + 4) : undefined, tenants };
    },
    logger: { debug: log, error: (_fields, message) => lines.push(message), info: log, warn: log },
  };
}

describe("a health reply", () => {
  it("is 200 when every tenant of every page is healthy", async () => {
    const reply = await createHealthReply(fleet(), {})();
    expect(reply.status).toBe(200);
    expect(JSON.parse(reply.body)).toEqual({ checked: 10, status: "ok", unhealthy: 0 });
    expect(reply.headers["cache-control"]).toBe("no-store");
  });

  it("is 503 and names tenants only if asked to", async () => {
    const tenancy = fleet({
      t1: { schemaExists: false },
      t3: new Error("no connection"),
      t4: { state: "suspended" },
      t9: { pending: ["1"] },
    });
    const counted = await createHealthReply(tenancy, {})();
    expect(counted.status).toBe(503);
    expect(JSON.parse(counted.body)).toEqual({ checked: 10, status: "unhealthy", unhealthy: 3 });
    const named = await createHealthReply(tenancy, { details: true })();
    expect((JSON.parse(named.body) as { unhealthy: unknown }).unhealthy).toEqual([
      { reason: "schema_missing", tenant: "t1" },
      { reason: "check_failed", tenant: "t3" },
      { reason: "migrations", tenant: "t9" },
    ]);
    expect(lines).toEqual(["health not known", "health not known"]);
  });

  it("is 503 when the registry cannot be read", async () => {
    const reply = await createHealthReply(fleet({ list: new Error("down") }), {})();
    expect(reply.status).toBe(503);
    expect(lines).toEqual(["health not known"]);
  });

  it("looks at no more tenants at a time than allowed", async () => {
    await createHealthReply(fleet(), { concurrency: 3 })();
    expect(mostAtOnce).toBe(3);
  });

  it("is shared by requests that come together, and given out again for a while", async () => {
    const reply = createHealthReply(fleet(), {});
    await Promise.all([reply(), reply(), reply()]);
    await reply();
    expect(lists).toBe(3);
    const impatient = createHealthReply(fleet(), { maxAgeMs: 0 });
    await impatient();
    await new Promise((resolve) => {
      setTimeout(resolve, 2);
    });
    await impatient();
    expect(lists).toBe(9);
  });

  it.each([{ concurrency: 0 }, { concurrency: 1.5 }, { maxAgeMs: -1 }, { maxAgeMs: Number.NaN }])(
    "refuses the options %j",
    (options) => {
      expect(() => createHealthReply(fleet(), options)).toThrow(
        expect.objectContaining({ code: "INVALID_CONFIG" }),
      );
    },
  );
});
