import type { FleetWorld } from "./fleet-world.ts";
import type { Peer } from "./peers/peer.ts";
import type { Random } from "./random.ts";
import type { Row } from "./row.ts";

/** What every group of the fleet's measurements is given. */
export interface FleetBench {
  readonly world: FleetWorld;
  /** Packages to compare with; none where they could not be installed. */
  readonly peers: readonly Peer[];
  readonly random: Random;
  /** Whether to hurry. */
  readonly isQuick: boolean;
  /** Whether a row was asked for. */
  readonly wants: (name: string) => boolean;
}

/** One group of measurements of the fleet as large as it is now. */
export interface FleetGroup {
  /** First parts of the names of its rows; the number of tenants is the last one. */
  readonly kinds: readonly string[];
  /** Yields each row when it is done. */
  rows(bench: FleetBench): AsyncGenerator<Row>;
}

/**
 * Returns how many tenants peers are run on, the first ones of the fleet: fewer in a large one, where
 * some of them take a second for each, as they look for their tables in a view over all tenants'.
 */
export function peerTenants({ world: { tenants } }: FleetBench): number {
  if (tenants >= 5_000) return 20;
  return Math.min(tenants, tenants > 100 ? 50 : 100);
}

/** Over a slow network, one size of the fleet tells enough. */
const SLOW_TENANTS = 100;

/** Returns the name of a row over the slow network, if it was asked for at this size of the fleet. */
export function slowName({ wants, world }: FleetBench, kind: string): string | undefined {
  const name = `${kind}/1ms/${SLOW_TENANTS}`;
  return world.tenants === SLOW_TENANTS && wants(name) ? name : undefined;
}
