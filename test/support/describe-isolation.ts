import { expect, it } from "vitest";
import type { Tenant } from "../../src/core/tenant.ts";
import { hammerWith, type Kinds } from "./isolation.ts";

/** A pool under test, and the tenants that use it. */
export interface HammeredWorld<Pool> {
  readonly pool: Pool;
  readonly tenants: readonly Tenant[];
  in<T>(tenant: number, fn: () => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** What the suite needs of one driver. */
export interface IsolationSuite<Pool, Name extends string, World extends HammeredWorld<Pool>> {
  /** The operations. */
  readonly kinds: Kinds<Pool, Name>;
  /** Makes 50 tenants, and a pool of so many connections. */
  readonly open: (connections: number) => Promise<World>;
  /** Ends one of the pool's sessions, whatever it does. */
  readonly kill: (world: NoInfer<World>) => Promise<unknown>;
  /** Counts the rows that are elsewhere than with their owner, whoever wrote them. */
  readonly misplaced: (world: NoInfer<World>) => Promise<number>;
}

/** The same operations for every driver, and what must be true after them. */
export function itIsolates<Pool, Name extends string, World extends HammeredWorld<Pool>>({
  kill,
  kinds,
  misplaced,
  open,
}: IsolationSuite<Pool, Name, World>): void {
  it("show and write no row of another tenant", { timeout: 600_000 }, async () => {
    const world = await open(5);
    const report = await hammerWith(kinds, {
      concurrency: 100,
      in: (tenant, fn) => world.in(tenant, fn),
      kill: () => kill(world),
      operations: 100_000,
      pool: world.pool,
      tenants: world.tenants,
    });
    expect([...report.unexpected]).toEqual([]);
    expect(report.leaks).toBe(0);
    expect(await misplaced(world)).toBe(0);
    expect(report.operations).toBe(100_000);
    expect(report.rows).toBeGreaterThan(100_000);
    expect(report.expectedErrors).toBeGreaterThan(5_000);
    await world.close();
  });

  it("show none on a single connection", { timeout: 240_000 }, async () => {
    const world = await open(1);
    const report = await hammerWith(kinds, {
      concurrency: 20,
      in: (tenant, fn) => world.in(tenant, fn),
      operations: 5_000,
      pool: world.pool,
      tenants: world.tenants,
    });
    expect([...report.unexpected]).toEqual([]);
    expect(report.leaks).toBe(0);
    await world.close();
  });
}
