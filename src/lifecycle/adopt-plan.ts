import type { AdoptOptions } from "../core/adopt.ts";
import { parseSchemaName, parseSlug } from "../core/names.ts";
import type { Settings } from "../core/settings.ts";
import { TenancyError } from "../errors/tenancy-error.ts";
import { type CreatePlan, planCreate } from "./create-plan.ts";

/** A checked call of `adopt`. */
export interface AdoptPlan {
  /** The row to be. */
  readonly tenant: CreatePlan["tenant"];
  /** Schema that is adopted. */
  readonly from: string;
  /** Whether what it holds goes elsewhere. */
  readonly isMoved: boolean;
  /** Names that stay; `undefined` where nothing was said of them. */
  readonly keep: ReadonlySet<string> | undefined;
  /** `"history"`, `"all"`, `"none"`, or a version. */
  readonly applied: string;
  /** Whether nothing is done. */
  readonly isDryRun: boolean;
}

/**
 * Checks a call of `adopt` before any I/O.
 *
 * @throws TenancyError `INVALID_TENANT_ID`, `INVALID_SCHEMA_NAME`, `INVALID_DOMAIN`, `INVALID_QUERY`
 */
export function planAdopt(settings: Settings, options: AdoptOptions): AdoptPlan {
  const { applied = "history", as, domains, dryRun = false, extra, how, keep, name } = options;
  const { schema, schemaName } = options;
  const { globalSchema, sharedSchemas } = settings.rules;
  if (typeof schema !== "string" || schema === "") throw refuse("`schema` is not a name.");
  if (sharedSchemas.includes(schema)) {
    throw refuse(`The schema "${schema}" is one that all tenants share.`);
  }
  const isGlobal = schema === globalSchema;
  if (how !== undefined && how !== "move" && how !== "in-place") {
    throw refuse('`how` is neither "move" nor "in-place".');
  }
  if (isGlobal && how === "in-place") {
    throw refuse(
      `The schema "${schema}" is the global one, and cannot be a tenant's as well.`,
      "Move what it holds, which is the default.",
    );
  }
  const isMoved = (how ?? (isGlobal ? "move" : "in-place")) === "move";
  if (!isMoved && schemaName !== undefined && schemaName !== schema) {
    throw refuse("`schemaName` names another schema, and nothing is moved.");
  }
  if (keep !== undefined && !(isMoved && isGlobal)) {
    throw refuse("`keep` is only for what is moved out of the global schema.");
  }
  // ISOLATION: else tables of the server itself are moved, or those of the registry where the server
  // takes no heed of case. unit/lifecycle/adopt-plan.test.ts
  if (!isGlobal) parseSchemaName(schema, settings.rules);
  const own = isMoved ? schemaName : schema;
  const { tenant } = planCreate(settings, parseSlug(as, settings.rules), {
    ...(domains === undefined ? {} : { domains }),
    ...(extra === undefined ? {} : { extra }),
    ...(name === undefined ? {} : { name }),
    ...(own === undefined ? {} : { schemaName: own }),
  });
  if (isMoved && tenant.schemaName === schema) {
    throw refuse(
      `The schema "${schema}" already has the name of the tenant's.`,
      'Adopt it "in-place".',
    );
  }
  return {
    applied,
    from: schema,
    isDryRun: dryRun,
    isMoved,
    keep: keep && new Set(keep),
    tenant,
  };
}

function refuse(fact: string, remedy?: string): TenancyError {
  return new TenancyError("INVALID_QUERY", fact, { remedy });
}
