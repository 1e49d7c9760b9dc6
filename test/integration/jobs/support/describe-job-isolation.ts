import { afterAll, beforeAll, expect, it } from "vitest";
import type { Tenant } from "../../../../src/core/tenant.ts";
import type { Peers } from "../../../support/peers.ts";
import type { Rig } from "./rig.ts";
import { type JobsWorld, openJobsWorld, until } from "./world.ts";

const TENANTS = 5;
const JOBS_PER_TENANT = 200;
/** The oldest version has the very same code in front of it, and what differs is how it is called. */
const JOBS_OF_OLDEST = 60;

/** How often each job's work was begun, and what it saw of others. */
interface Seen {
  readonly foreign: string[];
  readonly attempts: Map<string, number>;
}

/** 5 tenants, 200 jobs each, 20 at once; some fail when they are first attempted. */
export function itIsolatesJobs(
  { set }: Pick<Peers, "set">,
  open: (world: JobsWorld) => Rig | Promise<Rig>,
): void {
  const jobsPerTenant = set === "newest" ? JOBS_PER_TENANT : JOBS_OF_OLDEST;
  let world: JobsWorld;
  let rig: Rig;

  beforeAll(async () => {
    world = await openJobsWorld(8);
    rig = await open(world);
  });
  afterAll(async () => {
    await rig?.close();
    await world?.close();
  });

  it("shows and writes no row of another tenant", { timeout: 120_000 }, async () => {
    const tenants = await Promise.all(Array.from({ length: TENANTS }, () => world.tenant()));
    const queue = await rig.queue(world.tenancy);
    const seen: Seen = { attempts: new Map(), foreign: [] };
    const total = TENANTS * jobsPerTenant;
    await queue.work(async (data) => doJob(world, seen, data as JobData));
    const numbers = Array.from({ length: total }, (_, number) => number);
    for (let from = 0; from < total; from += 100) {
      await Promise.all(
        numbers.slice(from, from + 100).map(async (number) => {
          const tenant = tenants[number % TENANTS]!;
          const data: JobData = { number, owner: tenant.schemaName };
          // Half of them from a scope that is not their own.
          if (number % 2 === 0) await world.tenancy.withTenant(tenant, () => queue.add(data));
          else await addFromElsewhere(tenant, tenants[(number + 1) % TENANTS]!, data);
        }),
      );
    }
    await until(
      async () => {
        await queue.hurry();
        const { rows } = await world.admin.query<{ n: number }>(countAll(tenants));
        return rows[0]!.n === total;
      },
      "every job",
      { everyMs: 100, timeoutMs: 100_000 },
    );
    expect(seen.foreign.slice(0, 5)).toEqual([]);
    for (const { schemaName } of tenants) {
      const { rows } = await world.admin.query<{ text: string }>(
        `select text from ${schemaName}.notes where owner <> '${schemaName}'`,
      );
      expect(rows).toEqual([]);
      expect(new Set(await world.notes(schemaName)).size).toBe(jobsPerTenant);
    }
    expect(await world.notes("public")).toEqual(["decoy"]);
    // A tenth is attempted twice.
    expect([...seen.attempts.values()].filter((attempts) => attempts > 1)).toHaveLength(total / 10);

    async function addFromElsewhere(tenant: Tenant, other: Tenant, data: JobData): Promise<void> {
      await world.tenancy.withTenant(other, async () => (await queue.forTenant(tenant)).add(data));
    }
  });
}

interface JobData {
  readonly number: number;
  readonly owner: string;
}

async function doJob(world: JobsWorld, seen: Seen, { number, owner }: JobData): Promise<void> {
  const { tenancy } = world;
  const attempt = (seen.attempts.get(String(number)) ?? 0) + 1;
  seen.attempts.set(String(number), attempt);
  const look = async (): Promise<void> => {
    const { rows } = await tenancy.pool.query<{ owner: string }>(
      "select distinct owner from notes",
    );
    seen.foreign.push(...rows.map((row) => row.owner).filter((found) => found !== owner));
    if (tenancy.requireTenant().schemaName !== owner) seen.foreign.push("the scope itself");
  };
  await look();
  await tenancy.transaction(async (tx) => {
    await tx.query("insert into notes (owner, text) values (current_schema(), $1)", [`${number}`]);
    if (number % 10 === 3 && attempt === 1) throw new Error("the first attempt fails");
  });
  await look();
}

function countAll(tenants: readonly Tenant[]): string {
  const counts = tenants.map(({ schemaName }) => `(select count(*) from ${schemaName}.notes)`);
  return `select (${counts.join(" + ")})::int as n`;
}
