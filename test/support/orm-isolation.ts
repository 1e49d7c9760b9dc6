import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTenancy } from "../../src/tenancy/create-tenancy.ts";
import type { Tenancy } from "../../src/core/tenancy.ts";
import type { Tenant } from "../../src/core/tenant.ts";
import type { Admin, Engine, EngineDatabase } from "./engines.ts";

/** Rows that belong to a tenant, which every kind of job looks at. */
export interface OwnedRow {
  readonly owner: string;
}

/** One job, in the scope of one tenant. */
export interface OrmJob {
  /** Owner of every row that it may see: the tenant's schema. */
  readonly own: string;
  /** The tenant. */
  readonly tenant: Tenant;
  /** Its number, from 0. */
  readonly number: number;
  /** Looks at rows, of whichever table; at least one is expected. */
  readonly see: (...rows: readonly (OwnedRow | null | undefined)[]) => void;
}

/**
 * What every ORM is asked to do. `explicit` runs in no ambient scope, and in another tenant's half of the
 * time; all others run in the scope of the tenant.
 */
export const ORM_KINDS = [
  "read",
  "relations",
  "write",
  "transaction",
  "nested",
  "rollback",
  "stream",
  "raw",
  "prepared",
  "explicit",
] as const;

/** One of {@link ORM_KINDS}. */
export type OrmKind = (typeof ORM_KINDS)[number];

/** An ORM over a tenancy, as the suite sees it. */
export interface OrmSubject {
  /** What the ORM does for each kind; those that it cannot do are declared in `gaps`. */
  readonly kinds: Readonly<Partial<Record<OrmKind, (job: OrmJob) => Promise<void>>>>;
  /** Ends what the ORM itself has opened. */
  close?(): Promise<void>;
}

/** How one ORM is put through the suite. */
export interface OrmSuite {
  readonly engine: Engine;
  /** Makes the ORM over the tenancy. */
  readonly open: (world: OrmWorld) => OrmSubject | Promise<OrmSubject>;
  /** Kinds that the ORM has no such thing for, each with the reason. */
  readonly gaps?: Readonly<Partial<Record<OrmKind, string>>>;
}

/** Tenants with an author, three books and decoys of the same names in the global schema. */
export interface OrmWorld {
  readonly tenancy: Tenancy;
  readonly tenants: readonly Tenant[];
  readonly database: EngineDatabase;
  readonly admin: Admin;
}

const TENANTS = ["one", "two", "three", "four", "five"] as const;
const JOBS_PER_TENANT = 200;
/** Fewer than the jobs in flight, so that they wait for connections of one another. */
const CONNECTIONS = 4;
/** Of rows in the global schema, which nobody may see. */
const DECOY = "GLOBAL";

/**
 * The same suite for every ORM: 5 tenants, 200 jobs of each, all in flight at once over 4 connections.
 *
 * Tables: `authors (id, owner, name)` and `books (id, owner, title, author_id)`, keys assigned by the
 * database. Each tenant has one author (id 1) with three books (ids 1 to 3); the owner of a row is its
 * tenant's schema name. Jobs may add rows, with their own `owner`.
 */
export function itIsolatesOrm({ engine, gaps = {}, open }: OrmSuite): void {
  describe("5 tenants, 200 jobs each, at once", () => {
    let world: OrmWorld;
    let subject: OrmSubject;

    beforeAll(async () => {
      world = await openOrmWorld(engine);
      subject = await open(world);
    }, 120_000);

    afterAll(async () => {
      await subject?.close?.();
      await closeOrmWorld(world);
    });

    it("does, or declares not to do, every kind of operation", () => {
      const done = ORM_KINDS.filter((kind) => subject.kinds[kind] !== undefined);
      expect([...done, ...Object.keys(gaps)].toSorted()).toEqual([...ORM_KINDS].toSorted());
    });

    it("shows and writes no row of another tenant", { timeout: 240_000 }, async () => {
      const kinds = ORM_KINDS.filter((kind) => subject.kinds[kind] !== undefined);
      const seen = { foreign: [] as string[], rows: 0 };
      const failures = new Map<string, number>();
      const jobs = Array.from({ length: TENANTS.length * JOBS_PER_TENANT }, async (_, number) => {
        const tenant = world.tenants[number % TENANTS.length]!;
        const kind = kinds[Math.floor(number / TENANTS.length) % kinds.length]!;
        const own = tenant.schemaName;
        const see: OrmJob["see"] = (...rows) => {
          if (rows.length === 0) throw new Error("no row was seen");
          seen.rows += rows.length;
          seen.foreign.push(
            ...rows
              .filter((row) => row?.owner !== own)
              .map((row) => `${kind} in ${own}: ${row?.owner}`),
          );
        };
        const run = async (): Promise<void> => subject.kinds[kind]!({ number, own, see, tenant });
        try {
          if (kind !== "explicit") await world.tenancy.withTenant(tenant, run);
          else if (number % 2 === 0) await run();
          else await world.tenancy.withTenant(world.tenants[(number + 1) % TENANTS.length]!, run);
        } catch (error) {
          const text = `${kind}: ${(error as Error).stack ?? String(error)}`;
          failures.set(text, (failures.get(text) ?? 0) + 1);
        }
      });
      await Promise.all(jobs);
      expect([...failures].map(([text, count]) => `${count} × ${text}`).slice(0, 3)).toEqual([]);
      expect(seen.foreign.slice(0, 10)).toEqual([]);
      expect(seen.rows).toBeGreaterThan(1_000);
      expect(await misplaced(world)).toEqual([]);
    });

    it("refuses to query without a scope", async () => {
      const read = subject.kinds.read!;
      const job = { number: 0, own: "", see: () => undefined, tenant: world.tenants[0]! };
      await expect(read(job)).rejects.toSatisfy((error) => isRefusal(error));
    });
  });
}

/** Whether an error, or what caused it, is the refusal to query in no scope. */
function isRefusal(error: unknown): boolean {
  for (let at = error; at instanceof Error; at = at.cause) {
    if ((at as { code?: unknown }).code === "TENANT_REQUIRED") return true;
    if (at.message.includes("[TENANT_REQUIRED]")) return true;
  }
  return false;
}

/** Makes the tenants, and decoys in the global schema. */
export async function openOrmWorld(engine: Engine): Promise<OrmWorld> {
  const database = await engine.open();
  const tenancy = createTenancy({
    database: database.driver({ max: CONNECTIONS }),
    globalSchema: database.globalSchema,
    migrations: {
      global: [],
      tenant: [{ name: "create_tables", up: tables(engine), version: "1" }],
    },
    tenantPrefix: database.tenantPrefix,
  });
  const admin = await database.connect();
  await tenancy.migrateGlobal();
  for (const statement of tables(engine).split(";\n")) await admin.query(statement);
  await fill(admin, engine, database.globalSchema, DECOY);
  const tenants: Tenant[] = [];
  for (const slug of TENANTS) {
    const tenant = await tenancy.create(slug);
    await fill(admin, engine, tenant.schemaName, tenant.schemaName);
    tenants.push(tenant);
  }
  return { admin, database, tenancy, tenants };
}

/** Ends what {@link openOrmWorld} has opened. */
export async function closeOrmWorld(world: OrmWorld | undefined): Promise<void> {
  await world?.tenancy.close();
  await world?.admin.end();
  await world?.database.drop();
}

function tables({ family }: Engine): string {
  const key = family === "postgres" ? "id serial primary key" : "id int auto_increment primary key";
  return `create table authors (${key}, owner varchar(64) not null, name varchar(64) not null);
create table books (${key}, owner varchar(64) not null, title varchar(64) not null, author_id int not null, foreign key (author_id) references authors (id))`;
}

async function fill(admin: Admin, engine: Engine, schema: string, owner: string): Promise<void> {
  const quote = engine.family === "postgres" ? '"' : "`";
  const at = (table: string): string => `${quote}${schema}${quote}.${table}`;
  await admin.query(`insert into ${at("authors")} (owner, name) values ('${owner}', 'Ann')`);
  for (const title of ["A", "B", "C"]) {
    await admin.query(
      `insert into ${at("books")} (owner, title, author_id) values ('${owner}', '${title}', 1)`,
    );
  }
}

/** Rows that are elsewhere than with their owner, whoever wrote them. */
async function misplaced({ admin, database, tenants }: OrmWorld): Promise<string[]> {
  const quote = database.url.startsWith("postgres") ? '"' : "`";
  const found: string[] = [];
  const schemas = [...tenants.map(({ schemaName }) => schemaName), database.globalSchema];
  for (const schema of schemas) {
    const own = schema === database.globalSchema ? DECOY : schema;
    for (const table of ["authors", "books"]) {
      const { rows } = await admin.query<OwnedRow>(
        `select owner from ${quote}${schema}${quote}.${table} where owner <> '${own}'`,
      );
      found.push(...rows.map((row) => `${row.owner} in ${schema}.${table}`));
    }
  }
  return found;
}
