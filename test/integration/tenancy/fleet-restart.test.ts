import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Admin, Engine } from "../../support/engines.ts";
import { postgresAt } from "../../support/engines.ts";
import {
  type RestartablePostgres,
  startRestartablePostgres,
} from "../../support/restartable-postgres.ts";
import { code } from "../lifecycle/world.ts";
import { ADD_ROW, createFleetWorld, type FleetWorld } from "./fleet-world.ts";

const COUNT = 30;
let server: RestartablePostgres | undefined;
let world: FleetWorld;

beforeAll(async () => {
  server = await startRestartablePostgres();
  if (server !== undefined) world = await createFleetWorld(COUNT, reconnecting(server.url));
});
afterAll(async () => {
  if (server === undefined) return;
  await world.close();
  await server.stop();
});

/** An engine whose administrators connect anew for each text. */
function reconnecting(url: string): Engine {
  const engine = postgresAt(url);
  return {
    ...engine,
    open: async () => {
      const database = await engine.open();
      const query: Admin["query"] = async (text, params) => {
        const admin = await database.connect();
        try {
          return await admin.query(text, params);
        } finally {
          await admin.end();
        }
      };
      return { ...database, connect: async () => ({ end: async () => undefined, query }) };
    },
  };
}

describe("a server that is started anew in the middle of a run", () => {
  beforeEach((context) => {
    if (server === undefined) return context.skip("The server is not ours.");
    return world.reset();
  });

  it.each([
    ["which ends what runs", "fast", {}],
    ["which crashed", "immediate", {}],
    ["which crashed, with care", "immediate", { verify: true }],
  ] as const)("is waited for: %s", async (_what, mode, options) => {
    let restarted: Promise<void> | undefined;
    const ahead = world.ahead();
    const result = await ahead.migrateAll({
      concurrency: 4,
      onProgress: ({ done }) => {
        if (done === 7) restarted = server?.restart(mode);
      },
      perSecond: 100,
      ...options,
    });
    await restarted;
    expect(result.failed).toEqual([]);
    expect(result.counts).toEqual({ changed: COUNT, failed: 0, notReached: 0, unchanged: 0 });
    expect(await world.checkAll()).toEqual(world.slugs);
    expect(Object.values(await world.rows())).toEqual(world.slugs.map(() => 2));
    await ahead.close();
  });

  it("and does not come back in time leaves a report of who is not at the target", async () => {
    const ahead = world.ahead({ lockTimeoutMs: 0 });
    let restarted: Promise<void> | undefined;
    const result = await ahead.migrateAll({
      concurrency: 2,
      onProgress: ({ done }) => {
        if (done === 7) restarted = server?.restart("immediate");
      },
      perSecond: 100,
    });
    await restarted;
    expect(result.counts.changed + result.counts.failed).toBe(COUNT);
    expect(result.counts.failed).toBeGreaterThan(0);
    for (const { error } of result.failed) {
      expect(error).toMatchObject(code("DATABASE_UNAVAILABLE"));
    }
    // A message may have arrived whose answer has not.
    const named = result.failed.map(({ tenant }) => tenant);
    for (const slug of await world.behind(ADD_ROW.version)) expect(named).toContain(slug);
    await ahead.close();
    const again = await world.ahead().migrateAll();
    expect(again.ok).toBe(true);
    expect(await world.checkAll()).toEqual(world.slugs);
    expect(Object.values(await world.rows())).toEqual(world.slugs.map(() => 2));
  });
});
