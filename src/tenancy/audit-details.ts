import type { AdoptOptions } from "../core/adopt.ts";
import type { FleetResult } from "../core/fleet.ts";
import type { MigrateOptions, MigrationResult, RollbackOptions } from "../core/migrator.ts";
import type { CreateOptions, UpdateOptions } from "../core/tenancy.ts";
import type { Asked } from "./audit-trail.ts";
import { recordedOptions, type RunOptions } from "./fleet-resume.ts";

/** What the audit log tells of something that was asked for. */
type Details = Readonly<Record<string, unknown>>;

/** Longest list that is written down whole. */
const MAX_ITEMS = 100;

/** How a migration was to go, and which versions it was. */
export function askedOfMigration(
  options: (MigrateOptions & RollbackOptions & { readonly redo?: boolean }) | undefined,
): Asked<MigrationResult> {
  const names = ["all", "interrupted", "phase", "redo", "steps", "to", "toExclusive"];
  return {
    details: pick(options, names),
    isDryRun: options?.dryRun === true,
    outcomeOf: ({ versions }) => ({ versions }),
  };
}

/** How a fleet run was to go, and its record and counts. */
export function askedOfFleet(options: RunOptions): Asked<FleetResult> {
  const recorded = recordedOptions(options);
  return {
    details: pick({ ...recorded, resume: options.resume }, [...Object.keys(recorded), "resume"]),
    isDryRun: options.dryRun === true,
    outcomeOf: ({ counts, runId, stopped }) => ({ counts, run: runId, stopped }),
  };
}

/** What a new tenant was to be: of extra columns, which may hold anything, the names alone. */
export function detailsOfCreate(options: CreateOptions): Details {
  const names = ["domains", "ifExists", "migrate", "name", "schemaName", "seed"];
  return { ...pick(options, names), ...extraOf(options) };
}

/** What an adopted tenant was to be. */
export function detailsOfAdopt(options: AdoptOptions): Details {
  const names = ["applied", "domains", "how", "keep", "name", "schema", "schemaName"];
  return { ...pick(options, names), ...extraOf(options) };
}

/** What was to be changed of a tenant. */
export function detailsOfUpdate(changes: UpdateOptions): Details {
  return { ...pick(changes, ["name"]), ...extraOf(changes) };
}

/** Returns the plain values among some options, by name. */
export function pick(options: object | undefined, names: readonly string[]): Details {
  const given = (options ?? {}) as Details;
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = plain(given[name]);
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

function extraOf({ extra }: { readonly extra?: Details }): Details {
  return extra === undefined ? {} : { extra: Object.keys(extra) };
}

/** A reference to a tenant is told by its slug, or else its id. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) {
    const items = value.slice(0, MAX_ITEMS).map((item) => plain(item) ?? null);
    return value.length > MAX_ITEMS ? [...items, `and ${value.length - MAX_ITEMS} more`] : items;
  }
  if (typeof value === "object" && value !== null) {
    const { id, slug } = value as { readonly id?: unknown; readonly slug?: unknown };
    return plain(slug ?? id);
  }
  return ["boolean", "number", "string"].includes(typeof value) || value === null
    ? value
    : undefined;
}
