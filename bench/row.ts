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

/** Tells whether a row keeps a bound. */
export function keeps(row: Row, target: Target): boolean {
  const value = row.figures[target.figure];
  if (value === undefined) return false;
  return target.is === "at most" ? value <= target.bound : value >= target.bound;
}
