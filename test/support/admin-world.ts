import { PGlite } from "@electric-sql/pglite";
import type { Driver } from "../../src/core/driver.ts";
import type { Migration } from "../../src/core/migrator.ts";
import type { Tenancy } from "../../src/core/tenancy.ts";
import { pglite } from "../../src/drivers/pglite/index.ts";
import { createTenancy } from "../../src/tenancy/create-tenancy.ts";

/** The last one fails for tenants that have two people of one address. */
const MIGRATIONS: readonly Migration[] = [
  {
    down: "drop table people",
    name: "create_people",
    up: "create table people (id int generated always as identity primary key, name text not null, email text not null)",
    version: "20260105090000",
  },
  {
    down: "drop table notes",
    name: "create_notes",
    up: "create table notes (id int generated always as identity primary key, person_id int references people, text text not null)",
    version: "20260212101500",
  },
  {
    down: "alter table notes drop column pinned",
    name: "pin_notes",
    up: "alter table notes add column pinned boolean not null default false",
    version: "20260409083000",
  },
  {
    down: "alter table people drop constraint people_email_key",
    name: "unique_emails",
    up: "alter table people add constraint people_email_key unique (email)",
    version: "20260601120000",
  },
];

/** How the world of the console's tests and of its development is made. */
export interface AdminWorldOptions {
  /** How many tenants. Default 60. */
  readonly tenants?: number;
  /** The database. Default: an embedded one. */
  readonly driver?: Driver;
}

/** A fleet in which there is something of everything that the console shows. */
export interface AdminWorld {
  readonly tenancy: Tenancy;
  close(): Promise<void>;
}

/** Opens an embedded database with tenants in various states and versions, a failed run, and domains. */
export async function openAdminWorld({
  driver,
  tenants = 60,
}: AdminWorldOptions = {}): Promise<AdminWorld> {
  const tenancy = createTenancy({
    database: driver ?? pglite(await PGlite.create()),
    migrations: { global: [], tenant: MIGRATIONS },
    primaryDomain: "example.com",
    registry: { extraColumns: { plan: "text not null default 'free'" } },
    seed: async (db) => {
      await db.query("insert into people (name, email) values ($1, $2)", [
        "Ada",
        "ada@example.com",
      ]);
    },
  });
  await tenancy.migrateGlobal();
  await tenancy.actingAs({ id: "ada@example.com", via: "cli" }, async () => {
    for (let index = 0; index < tenants; index += 1) await addTenant(tenancy, index);
    await failOnce(tenancy);
    await addStates(tenancy);
    await addDomains(tenancy);
  });
  await spreadDates(tenancy);
  return {
    close: () => tenancy.close(),
    tenancy,
  };
}

const WORDS = [
  ["acme", "Acme Corporation"],
  ["globex", "Globex"],
  ["initech", "Initech"],
  ["umbrella", "Umbrella & Söhne"],
  ["hooli", "Hooli"],
  ["stark", "Stark Industries"],
  ["wayne", "Wayne Enterprises"],
  ["soylent", 'Soylent "Green" <script>'],
] as const;

async function addTenant(tenancy: Tenancy, index: number): Promise<void> {
  const [word, title] = WORDS[index % WORDS.length] ?? ["tenant", "Tenant"];
  const round = Math.floor(index / WORDS.length);
  const slug = round === 0 ? word : `${word}-${round + 1}`;
  const name = round === 0 ? title : `${title} ${round + 1}`;
  const to = MIGRATIONS[index % 7 === 3 ? 1 : 2];
  await tenancy.create(slug, { migrate: false, name });
  if (to !== undefined) await tenancy.migrate(slug, { to: to.version });
  await tenancy.withTenant(slug, async () => {
    const rows = 5 * (index % 9) ** 2 + 1;
    await tenancy.query(
      "insert into people (name, email) select 'Person ' || n, 'person' || n || '@example.com' from generate_series(1, $1::int) n",
      [rows],
    );
    await tenancy.query(
      "insert into notes (person_id, text) select id, repeat('note ', 40) from people",
    );
    if (index % 20 === 5)
      await tenancy.query(
        "insert into people (name, email) select name, email from people limit 1",
      );
  });
}

/** Some are migrated, those with two people of one address are not. */
async function failOnce(tenancy: Tenancy): Promise<void> {
  const { tenants } = await tenancy.list({ limit: 1000 });
  const only = tenants.map(({ slug }) => slug).filter((_, index) => index % 4 !== 1);
  await tenancy.migrateAll({ concurrency: 1, only: [...new Set([...only, "stark"])] });
}

async function addStates(tenancy: Tenancy): Promise<void> {
  const { tenants } = await tenancy.list({ limit: 1000 });
  for (const [index, { slug }] of tenants.entries()) {
    if (index % 13 === 5) await tenancy.suspend(slug);
    if (index % 17 === 9) await tenancy.startMaintenance(slug);
  }
}

async function addDomains(tenancy: Tenancy): Promise<void> {
  await tenancy.addDomain("acme", "acme.test", { primary: true });
  await tenancy.addDomain("acme", "www.acme.test");
  await tenancy.claimDomain("acme", "shop.acme.test");
  await tenancy.addDomain("globex", "globex.test");
}

/** As if they had come over half a year. */
async function spreadDates(tenancy: Tenancy): Promise<void> {
  await tenancy.scopeGlobal(() =>
    tenancy.query(
      "update tenants set created_at = now() - make_interval(days => (hashtext(slug) & 63), hours => (hashtext(slug) >> 6) & 15)",
    ),
  );
}
