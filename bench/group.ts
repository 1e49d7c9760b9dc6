import type { Random } from "./random.ts";
import type { Row } from "./row.ts";
import type { Network, World } from "./world.ts";

/** What every group of measurements is given. */
export interface Bench<SomeWorld extends Pick<World, "networks"> = World> {
  readonly world: SomeWorld;
  readonly random: Random;
  /** Whether to hurry. */
  readonly isQuick: boolean;
  /** Numbers of tenants to measure queries with. */
  readonly tenantCounts: readonly number[];
  /** Whether a row was asked for. */
  wants(name: string): boolean;
}

/** One group of measurements: yields each row when it is done. */
export type Group<SomeWorld extends Pick<World, "networks"> = World> = (
  bench: Bench<SomeWorld>,
) => AsyncGenerator<Row>;

/** One row of measurements of queries. */
export interface Cell {
  readonly name: string;
  readonly network: Network;
  readonly tenants: number;
}

/** Returns the rows `<kind>/<network>/<tenants>` that were asked for. */
export function cellsOf(
  bench: Bench<Pick<World, "networks">>,
  kind: string,
  networks: readonly Network[] = bench.world.networks,
): Cell[] {
  return networks
    .filter((network) => bench.world.networks.includes(network))
    .flatMap((network) =>
      bench.tenantCounts.map((tenants) => ({
        name: `${kind}/${network}/${tenants}`,
        network,
        tenants,
      })),
    )
    .filter(({ name }) => bench.wants(name));
}
