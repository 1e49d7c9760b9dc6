import {
  type NameRules,
  parseSchemaName,
  parseSlug,
  type Slug,
  toSchemaName,
} from "../core/names.ts";
import type { NewTenant } from "../core/registry.ts";
import type { Settings } from "../core/settings.ts";
import type { CreateOptions } from "../core/tenancy.ts";
import { TenancyError } from "../errors/tenancy-error.ts";
import { createTell, type Tell } from "./create-progress.ts";
import { parseDomains } from "./domains.ts";

/** A checked call of `create`. */
export interface CreatePlan {
  /** The row to be. */
  readonly tenant: NewTenant;
  /** What else was asked for. */
  readonly options: CreateOptions;
  /** Tells of each step as it begins. */
  readonly tell: Tell;
}

/**
 * Checks a call of `create` before any I/O.
 *
 * @throws TenancyError `INVALID_TENANT_ID`, `INVALID_SCHEMA_NAME`, `INVALID_DOMAIN`, `INVALID_QUERY`
 */
export function planCreate(settings: Settings, slug: string, options: CreateOptions): CreatePlan {
  const { rules } = settings;
  const parsed = parseSlug(slug, rules);
  const { extra = {}, ifExists = "error", name = null, schemaName } = options;
  if (name !== null && typeof name !== "string") throw badOption(slug, "name", "is not text");
  if (ifExists !== "error" && ifExists !== "keep") {
    throw badOption(slug, "ifExists", 'is neither "error" nor "keep"');
  }
  checkSeed(settings, slug, options.seed);
  if (options.onProgress !== undefined && typeof options.onProgress !== "function") {
    throw badOption(slug, "onProgress", "is not a function");
  }
  return {
    options,
    tenant: {
      domains: parseDomains(options.domains ?? [], settings),
      extra: checkExtra(settings, slug, extra),
      name,
      schemaName:
        schemaName === undefined ? deriveName(parsed, rules) : parseSchemaName(schemaName, rules),
      server: "default",
      slug: parsed,
    },
    tell: createTell(settings.logger, parsed, options.onProgress),
  };
}

function checkSeed({ seed: { source } }: Settings, slug: string, seed: unknown): void {
  if (seed !== undefined && typeof seed !== "boolean") {
    throw badOption(slug, "seed", "is neither `true` nor `false`");
  }
  if (seed === true && source === undefined) {
    throw badOption(slug, "seed", "is set, and the configuration has no seed");
  }
}

/** The caller chose the slug, so it is the slug that is wrong. */
function deriveName(slug: Slug, rules: NameRules): string {
  try {
    return toSchemaName(slug, rules);
  } catch (cause) {
    throw new TenancyError(
      "INVALID_TENANT_ID",
      `The tenant slug "${slug}" makes the name of a schema that no tenant may have.`,
      { cause, remedy: "Choose another slug, or pass a `schemaName`.", tenant: slug },
    );
  }
}

/** Checks that extra values belong to extra columns. @throws TenancyError `INVALID_QUERY` */
export function checkExtra(
  { registry }: Settings,
  slug: string,
  extra: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  for (const column of Object.keys(extra)) {
    if (!Object.hasOwn(registry.extraColumns, column)) {
      throw badOption(slug, `extra.${column}`, "is not a column of `registry.extraColumns`");
    }
  }
  return extra;
}

function badOption(tenant: string, option: string, fact: string): TenancyError {
  return new TenancyError("INVALID_QUERY", `The option \`${option}\` ${fact}.`, { tenant });
}
