import type { Resolution } from "../core/resolution.ts";
import type { Tenant } from "../core/tenant.ts";

/** What one resolver's identification came to. `undefined`: no opinion. */
export type Verdict =
  | {
      readonly kind: "tenant";
      readonly tenant: Tenant;
      readonly strippedUrl?: string | undefined;
    }
  | { readonly kind: "global" }
  /** A tenant was named, and there is none. */
  | { readonly kind: "unknown"; readonly name: string }
  | undefined;

const LONGEST_NAME = 80;

const UNKNOWN: Resolution = Object.freeze({ kind: "unknown" });
const GLOBAL: Resolution = Object.freeze({ kind: "global" });

/** Makes one resolution of all verdicts; see `createResolve` for the rules. */
export function toResolution(verdicts: readonly Verdict[]): Resolution {
  const given = verdicts.filter((verdict) => verdict !== undefined);
  const [first] = given;
  if (first === undefined) return UNKNOWN;
  // ISOLATION: a wrong name beside a right one is an attempt, or an error; neither gets in. unit/resolvers/create-resolve.test.ts
  const unknown = given.find((verdict) => verdict.kind === "unknown");
  if (unknown !== undefined) return Object.freeze({ kind: "unknown", name: shown(unknown.name) });
  // ISOLATION: two names for one request are never a choice. unit/resolvers/create-resolve.test.ts
  const names = new Map(given.map((verdict) => [identityOf(verdict), nameOf(verdict)]));
  if (names.size > 1) {
    return Object.freeze({ kind: "conflict", names: Object.freeze([...names.values()]) });
  }
  if (first.kind !== "tenant") return GLOBAL;
  const stripped = given.find((verdict) => "strippedUrl" in verdict && verdict.strippedUrl);
  const strippedUrl = stripped?.kind === "tenant" ? stripped.strippedUrl : undefined;
  return toTenantResolution(first.tenant, strippedUrl);
}

/** Who gets in depends on the state: everything but `active` is answered without the tenant's data. */
export function toTenantResolution(
  tenant: Tenant,
  strippedUrl?: string,
): Exclude<Resolution, { readonly kind: "global" }> {
  switch (tenant.state) {
    case "active":
      return Object.freeze(
        strippedUrl === undefined
          ? { kind: "tenant", tenant }
          : { kind: "tenant", strippedUrl, tenant },
      );
    case "suspended":
    case "archived":
      return Object.freeze({ kind: "suspended", tenant });
    case "maintenance":
    case "renaming":
      return Object.freeze({ kind: "maintenance", tenant });
    case "provisioning":
    case "failed":
      return Object.freeze({ kind: "provisioning", tenant });
    case "dropping":
      return Object.freeze({ kind: "unknown", name: tenant.slug });
  }
}

/** The id, as the same tenant may be two objects: read before and after a change. */
function identityOf(verdict: NonNullable<Verdict>): string {
  return verdict.kind === "tenant" ? `tenant ${verdict.tenant.id}` : verdict.kind;
}

function nameOf(verdict: NonNullable<Verdict>): string {
  if (verdict.kind === "tenant") return verdict.tenant.slug;
  return verdict.kind === "global" ? "global" : verdict.name;
}

/** Names come from outside, and go into logs. */
function shown(name: string): string {
  return name.length > LONGEST_NAME ? `${name.slice(0, LONGEST_NAME)}…` : name;
}
