import type { FleetOptions } from "../../../src/core/fleet.ts";
import type { MigrateOptions, Migration } from "../../../src/core/migrator.ts";
import type { Tenancy } from "../../../src/core/tenancy.ts";
import { watchSessions, type SessionStep } from "../../support/watched-driver.ts";
import { CREATE_NOTE, createWorld, type World, type WorldConfig } from "../lifecycle/world.ts";

/** What became of one tenant. */
export interface Outcome {
  /** Versions that were applied, or what is said of the error. */
  readonly said: unknown;
  /** The schema's own history. */
  readonly history: readonly Record<string, unknown>[];
  /** Version and fingerprint in the registry. */
  readonly registry: Record<string, unknown> | undefined;
  /** Tables with their columns, and the rows of `note`. */
  readonly schema: readonly Record<string, unknown>[];
}

/** The same migrations, applied in both ways. */
export interface BothWays {
  readonly byMessage: Outcome;
  readonly carefully: Outcome;
  /** What became of each message that was sent. */
  readonly messages: readonly ("done" | "failed")[];
}

/** A world whose tenancies tell which messages they sent. */
export interface MessageWorld extends World {
  /** Makes two tenants alike, changes both, and migrates one with the fleet and one alone. */
  bothWays(options: {
    readonly tenant: readonly Migration[] | string;
    /** What the tenants are made with. Default: a table `note`. */
    readonly before?: readonly Migration[];
    /** SQL for each of the two, with the names of its schema and its slug. */
    readonly change?: (schema: string, slug: string) => string;
    readonly migrate?: MigrateOptions & FleetOptions;
  }): Promise<BothWays>;
  /** Makes a tenancy, and notes the messages that it sends. */
  watched(config: WorldConfig): {
    readonly tenancy: Tenancy;
    readonly messages: ("done" | "failed")[];
  };
  /** Closes the tenancies of the test, whose connections are many together. */
  closeOthers(): Promise<void>;
  /** Looks at one tenant. */
  outcome(slug: string, said?: unknown): Promise<Outcome>;
}

/** Makes a database for messages, on PostgreSQL. */
export async function createMessageWorld(): Promise<MessageWorld> {
  const world = await createWorld();
  let number = 0;
  const opened: Tenancy[] = [];
  const another: World["another"] = (config) => {
    const tenancy = world.another(config);
    opened.push(tenancy);
    return tenancy;
  };

  const watched: MessageWorld["watched"] = (config) => {
    const messages: ("done" | "failed")[] = [];
    const watch = async <T>({ kind }: SessionStep, run: () => Promise<T>): Promise<T> => {
      if (kind !== "script") return await run();
      try {
        const value = await run();
        messages.push("done");
        return value;
      } catch (error) {
        messages.push("failed");
        throw error;
      }
    };
    const tenancy = another({ wrap: (driver) => watchSessions(driver, watch), ...config });
    return { messages, tenancy };
  };

  const outcome = async (slug: string, said?: unknown): Promise<Outcome> => {
    const query = async (text: string): Promise<Record<string, unknown>[]> =>
      (await world.admin.query(text)).rows;
    const [tenant] = await query(
      `select schema_name, version, migrations_digest from tenants where slug = '${slug}'`,
    );
    const name = String(tenant?.["schema_name"]);
    const quoted = `"${name.replaceAll('"', '""')}"`;
    const literal = `'${name.replaceAll("'", "''")}'`;
    return {
      history: await query(
        `select version, name, checksum, is_finished, statements_done, done_checksum, error, direction from ${quoted}.kirayedar_migrations order by version collate "C"`,
      ),
      registry: tenant && { ...tenant, schema_name: undefined },
      said,
      schema: [
        ...(await query(
          `select table_name, string_agg(column_name || ' ' || data_type, ', ' order by ordinal_position) as columns from information_schema.columns where table_schema = ${literal} group by 1 order by 1`,
        )),
        ...(await query(`select body from ${quoted}.note order by body`)),
      ],
    };
  };

  return {
    ...world,
    another,
    closeOthers: async () => {
      for (const tenancy of opened.splice(0)) await tenancy.close();
    },
    bothWays: async ({ before = [CREATE_NOTE], change, migrate = {}, tenant }) => {
      number += 1;
      const slugs = [`fleet${number}`, `alone${number}`] as const;
      const first = another({ migrations: { global: [], tenant: before } });
      for (const slug of slugs) {
        await first.create(slug);
        const text = change?.(world.schema(slug), slug);
        if (text !== undefined) await world.admin.query(text);
      }
      const migrations = { global: [], tenant };
      const { messages, tenancy } = watched({ migrations });
      const { failed, results } = await tenancy.migrateAll({ ...migrate, only: [slugs[0]] });
      const done = results.flatMap((item) => (item.ok ? item.versions : []));
      const said = failed[0] === undefined ? done : aboutError(failed[0].error, slugs[0]);
      const alone = await another({ migrations })
        .migrate(slugs[1], migrate)
        .then(({ versions }) => versions)
        .catch((error: unknown) => aboutError(error, slugs[1]));
      return {
        byMessage: await outcome(slugs[0], said),
        carefully: await outcome(slugs[1], alone),
        messages,
      };
    },
    outcome,
    watched,
  };
}

/** Everything that an error says, without the name of the tenant. */
function aboutError(error: unknown, slug: string): unknown {
  const { message, name } = error as Error;
  const { cause, ...more } = { ...(error as object) } as { cause?: unknown };
  const {
    code,
    message: reason,
    position,
  } = ((error as Error).cause ?? cause ?? {}) as Record<string, unknown>;
  const text = JSON.stringify({ ...more, cause: { code, position, reason }, message, name });
  return JSON.parse(text.replaceAll(slug, "SLUG")) as unknown;
}
