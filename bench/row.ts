/** One line of the result. */
export interface Row {
  /** Which measurement, such as `query/1ms/100`. */
  readonly name: string;
  /** What was measured, in the order to print. */
  readonly figures: Readonly<Record<string, number>>;
}

/** A bound that one figure of one row should keep. */
export interface Target {
  /** Name of the figure. */
  readonly figure: string;
  /** Whether the figure should be at most, or at least, the bound. */
  readonly is: "at most" | "at least";
  /** The bound. */
  readonly bound: number;
}

const atMost = (figure: string, bound: number): Target => ({ bound, figure, is: "at most" });
const atLeast = (figure: string, bound: number): Target => ({ bound, figure, is: "at least" });

/** What each row should reach. A row that does not is marked, and nothing fails. */
export const TARGETS: Readonly<Record<string, readonly Target[]>> = {
  ...forSizes((size) => ({ [`fleet/create/${size}`]: [atMost("ratioToPsql", 1.1)] })),
  ...forSizes((size) => ({
    [`fleet/create-ready/${size}`]: [atMost("ms", 5), atMost("ratioToMigrations", 1 / 20)],
  })),
  "fleet/memory/5000": [atMost("growthMb", 30)],
  "fleet/migrate/1000": [
    atMost("ratioToPsql", 0.7),
    // Those that open a connection, or a pool, for each tenant.
    ...["NodePgMigrate", "Knex", "Typeorm"].map((peer) => atMost(`ratioTo${peer}`, 1 / 8)),
  ],
  "fleet/noop/5000": [atMost("ms", 500), atMost("growthToRegistryRead", 1)],
  "fleet/report/1000": [atMost("ratioToOneByOne", 1 / 5)],
  "mariadb/query/1ms/1": [atMost("ratio", 1.15)],
  "mariadb/query/1ms/10": [atMost("ratio", 1.15)],
  "mariadb/roundTrips/one-shot": [atMost("roundTrips", 1)],
  "mysql/create/20": [atMost("ratioClient", 1.2)],
  "mysql2/query/1ms/1": [atMost("ratio", 1.15)],
  "mysql2/query/1ms/10": [atMost("ratio", 1.15)],
  "mysql2/roundTrips/one-shot": [atMost("roundTrips", 1)],
  "query/1ms/1": [atMost("ratio", 1.1)],
  "query/1ms/10": [atMost("ratio", 1.1)],
  "query/1ms/100": [atMost("ratio", 1.1)],
  "query/1ms/1000": [atMost("ratio", 1.2)],
  "query/loopback/100": [atMost("ratio", 1.3)],
  "resolver/hit": [atLeast("millionPerSecond", 5)],
  "roundTrips/one-shot": [atMost("roundTrips", 1), atMost("roundTripsUnprepared", 1)],
  "scope/withTenant": [atMost("nsOverRun", 1_000)],
  "throughput/local/100": [atLeast("ratio", 1.3), atLeast("ratioUnprepared", 0.75)],
};

/** Returns the targets that are the same however many tenants there are. */
function forSizes(of: (size: number) => typeof TARGETS): typeof TARGETS {
  return Object.assign({}, ...[100, 1_000, 5_000].map(of));
}

/** Tells whether a row keeps a bound. */
export function keeps(row: Row, target: Target): boolean {
  const value = row.figures[target.figure];
  if (value === undefined) return false;
  return target.is === "at most" ? value <= target.bound : value >= target.bound;
}
