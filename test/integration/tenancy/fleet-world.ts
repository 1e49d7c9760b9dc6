import type { FleetResult } from "../../../src/core/fleet.ts";
import type { Migration } from "../../../src/core/migrator.ts";
import type { Tenancy } from "../../../src/core/tenancy.ts";
import { type Engine, inWords } from "../../support/engines.ts";
import { CREATE_NOTE, createWorld, type World, type WorldConfig } from "../lifecycle/world.ts";

/** Adds a row each time it runs, so that running twice shows. */
export const ADD_ROW: Migration = {
  down: "delete from note where body = 'migrated'",
  name: "add_row",
  up: "insert into note (body) values ('migrated')",
  version: "20260101000002",
};

/** Another one. */
export const ADD_COLUMN: Migration = {
  down: "alter table note drop column done",
  name: "add_column",
  up: "alter table note add column done integer",
  version: "20260101000003",
};

/** Slugs of so many tenants, in their order. */
export const slugsOf = (count: number): string[] =>
  Array.from({ length: count }, (_, index) => `t${String(index).padStart(4, "0")}`);

/** A database with tenants that are behind. */
export interface FleetWorld extends World {
  readonly slugs: readonly string[];
  /** A tenancy that knows more migrations than the tenants have. */
  readonly ahead: (config?: WorldConfig, ...more: readonly Migration[]) => Tenancy;
  /** Makes {@link ADD_ROW} fail in these tenants. */
  spoil(...slugs: readonly string[]): Promise<void>;
  /** Makes the tenants as they were, apart from other migrations than {@link ADD_ROW}. */
  reset(): Promise<void>;
  /** Rows that each tenant has of a migration, by slug. */
  rows(): Promise<Record<string, number>>;
  /** Slugs of the tenants that the registry says are at another version. */
  behind(version: string): Promise<string[]>;
  /**
   * Fails unless each tenant's history, registry and rows say the same, and returns the slugs of those
   * that have the migration.
   */
  checkAll(): Promise<string[]>;
}

/** Makes so many tenants with a table `note`. */
export async function createFleetWorld(
  count: number,
  engine?: Engine,
  config: WorldConfig = {},
): Promise<FleetWorld> {
  const world = await createWorld({ driver: { maintenanceConnections: 8 }, ...config }, engine);
  const slugs = slugsOf(count);
  const name = (slug: string): string => world.schema(slug.replaceAll("-", "_"));
  const quoted = (text: string): string =>
    world.engine.family === "postgres" ? `"${text}"` : `\`${text}\``;

  const at = (slug: string): string => `${quoted(name(slug))}.note`;

  const spoilt = new Set<string>();
  await together(6, slugs, (slug) => world.tenancy.create(slug));
  const { rows: fresh } = await world.admin.query(
    "select version, migrations_digest as digest from tenants limit 1",
  );

  const count1 = async (from: string): Promise<number> => {
    const { rows } = await world.admin.query(`select count(*) as n from ${from}`);
    return Number(rows[0]?.["n"]);
  };

  return {
    ...world,
    ahead: (more = {}, ...migrations) =>
      world.another({
        migrations: { global: [], tenant: [CREATE_NOTE, ADD_ROW, ...migrations] },
        ...more,
      }),
    behind: async (version) => {
      const { rows } = await world.contents();
      return rows.filter((row) => row["version"] !== version).map(({ slug }) => String(slug));
    },
    checkAll: async () => {
      const done: string[] = [];
      const { rows } = await world.admin.query(
        "select slug, schema_name, version, migrations_digest from tenants order by slug",
      );
      const digests = new Map<unknown, unknown>();
      for (const { migrations_digest: digest, schema_name: schema, slug, version } of rows) {
        const schemaAt = quoted(String(schema));
        const migrated = await count1(`${schemaAt}.note where body = 'migrated'`);
        const recorded = await count1(
          `${schemaAt}.kirayedar_migrations where version = '${ADD_ROW.version}' and is_finished`,
        );
        const isNoted = String(version) >= ADD_ROW.version;
        const known = digests.get(version) ?? digest;
        if (migrated !== recorded || isNoted !== (recorded === 1) || known !== digest) {
          throw new Error(
            `${String(slug)}: ${migrated} rows, ${recorded} lines of history, version ${String(version)}`,
          );
        }
        digests.set(version, digest);
        if (migrated === 1) done.push(String(slug));
      }
      return done;
    },
    reset: async () => {
      const { rows } = await world.contents();
      const there = new Map(rows.map(({ slug, state }) => [String(slug), state]));
      for (const slug of there.keys()) if (!slugs.includes(slug)) await world.tenancy.drop(slug);
      for (const slug of slugs) if (!there.has(slug)) await world.tenancy.create(slug);
      for (const slug of spoilt) {
        await world.run(
          inWords(world.engine, {
            mysql: `rename table ${quoted(name(slug))}.spoilt to ${at(slug)}`,
            postgres: `alter table ${quoted(name(slug))}.spoilt rename to note`,
          }),
        );
      }
      spoilt.clear();
      for (const slug of slugs) {
        await world.run(
          `delete from ${at(slug)} where body = 'migrated'; delete from ${quoted(name(slug))}.kirayedar_migrations where version = '${ADD_ROW.version}'`,
        );
      }
      await world.run(
        `update tenants set state = 'active', version = '${String(fresh[0]?.["version"])}', migrations_digest = '${String(fresh[0]?.["digest"])}'`,
      );
    },
    rows: async () => {
      const { rows } = await world.contents();
      const counts: Record<string, number> = {};
      for (const { slug } of rows) {
        counts[String(slug)] = await count1(at(String(slug)));
      }
      return counts;
    },
    slugs,
    spoil: async (...which) => {
      for (const slug of which) {
        spoilt.add(slug);
        await world.run(
          inWords(world.engine, {
            mysql: `rename table ${at(slug)} to ${quoted(name(slug))}.spoilt`,
            postgres: `alter table ${at(slug)} rename to spoilt`,
          }),
        );
      }
    },
  };
}

/** Does something with each, so many at a time. */
export async function together<T>(
  count: number,
  items: readonly T[],
  work: (item: T) => Promise<unknown>,
): Promise<void> {
  const left = items.values();
  const worker = async (): Promise<void> => {
    for (const item of left) await work(item);
  };
  await Promise.all(Array.from({ length: count }, worker));
}

/** All tenants that a result speaks of. */
export function accountedFor({ counts }: FleetResult): number {
  return counts.changed + counts.failed + counts.notReached + counts.unchanged;
}
