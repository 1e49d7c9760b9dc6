import { type Operation as ChannelName, operationChannel } from "../core/events.ts";
import type { Tenancy } from "../core/tenancy.ts";
import type { LiveEvent } from "./contract.ts";

/** Pause between two looks: what another process changes is seen as late as this. */
const LOOK_MS = 5000;
/** Pause between a change in this process and the look that it causes. */
const SOON_MS = 100;
/** Entries of the audit log that are compared with those of the last look. */
const ENTRIES = 50;

/** Operations of this process after which something is worth a look. */
const CHANNELS: readonly ChannelName[] = [
  "fleet.migrate",
  "fleet.rollback",
  "global.migrate",
  "global.rollback",
  "tenant.adopt",
  "tenant.create",
  "tenant.drop",
  "tenant.maintenance",
  "tenant.migrate",
  "tenant.rename",
  "tenant.resume",
  "tenant.rollback",
  "tenant.seed",
  "tenant.suspend",
  "tenant.update",
];

type Change = Omit<Extract<LiveEvent, { type: "changed" }>, "type">;
type Watched = Pick<Tenancy, "audit" | "count" | "fleetRuns" | "list">;

/** What the last look saw. */
interface Seen {
  /** Outcome of each entry of the audit log. */
  readonly entries: ReadonlyMap<string, string>;
  readonly runs: string;
  readonly tenants: string;
}

/**
 * Finds out what has changed, by whatever process, while somebody wants to know: four small queries every
 * five seconds, and one more look soon after each operation of this process. A channel says that something
 * happened in some tenancy of the process; only the database says what happened in this one.
 */
export class ChangeWatch {
  readonly #tenancy: Watched;
  readonly #tell: (change: Change) => void;
  #seen: Seen | undefined;
  #timer: NodeJS.Timeout | undefined;
  #soon: NodeJS.Timeout | undefined;
  #looking: Promise<void> | undefined;
  #isAgain = false;

  constructor(tenancy: Watched, tell: (change: Change) => void) {
    this.#tenancy = tenancy;
    this.#tell = tell;
  }

  /** Begins to look. */
  start(): void {
    if (this.#timer !== undefined) return;
    this.#timer = setInterval(() => this.#look(), LOOK_MS).unref();
    for (const name of CHANNELS) operationChannel(name).subscribe(this.#subscribers);
    this.#look();
  }

  /** Stops. */
  stop(): void {
    clearInterval(this.#timer);
    clearTimeout(this.#soon);
    this.#timer = undefined;
    this.#soon = undefined;
    for (const name of CHANNELS) operationChannel(name).unsubscribe(this.#subscribers);
  }

  readonly #poke = (): void => {
    this.#soon ??= setTimeout(() => {
      this.#soon = undefined;
      this.#look();
    }, SOON_MS).unref();
  };

  readonly #subscribers = {
    asyncEnd: this.#poke,
    asyncStart: () => undefined,
    end: this.#poke,
    error: this.#poke,
    start: () => undefined,
  };

  #look(): void {
    if (this.#timer === undefined) return;
    if (this.#looking !== undefined) {
      this.#isAgain = true;
      return;
    }
    this.#looking = this.#compare()
      // Whoever reads the pages is told by their own requests that the database is away.
      .catch(() => undefined)
      .finally(() => {
        this.#looking = undefined;
        if (!this.#isAgain) return;
        this.#isAgain = false;
        this.#poke();
      });
  }

  async #compare(): Promise<void> {
    const [{ entries }, runs, newest, total] = await Promise.all([
      this.#tenancy.audit({ limit: ENTRIES }),
      this.#tenancy.fleetRuns(),
      this.#tenancy.list({ descending: true, limit: 1, sort: "updatedAt" }),
      this.#tenancy.count(),
    ]);
    if (this.#timer === undefined) return;
    const last = this.#seen;
    const seen: Seen = {
      entries: new Map(entries.map(({ id, outcome }) => [id, outcome])),
      runs: JSON.stringify(runs.slice(0, 5)),
      tenants: JSON.stringify([total, newest.tenants.map(({ id, updatedAt }) => [id, updatedAt])]),
    };
    this.#seen = seen;
    if (last === undefined) return this.#tellAll();
    const fresh = entries.filter(({ id, outcome }) => last.entries.get(id) !== outcome);
    if (fresh.length > 0) this.#tell({ tenant: null, what: "audit" });
    if (seen.runs !== last.runs) this.#tell({ tenant: null, what: "runs" });
    const slugs = new Set(fresh.flatMap(({ tenant }) => (tenant === null ? [] : [tenant])));
    for (const tenant of slugs) this.#tell({ tenant, what: "tenants" });
    const isMore = seen.tenants !== last.tenants && slugs.size === 0;
    if (isMore || fresh.length === ENTRIES) this.#tell({ tenant: null, what: "tenants" });
  }
  /** What changed before the first look, after somebody had read it for a page, is known to nobody. */
  #tellAll(): void {
    for (const what of ["audit", "runs", "tenants"] as const) this.#tell({ tenant: null, what });
  }
}
