import type { Statement } from "./dialect.ts";
import type { DomainMethod } from "./domains.ts";
import type { RegistryTables } from "./settings.ts";

/** What is known of one domain of one tenant. */
export interface DomainRow {
  /** Normalised host name. */
  readonly domain: string;
  /** Id of the tenant, as text. */
  readonly tenantId: string;
  /** Its slug. */
  readonly slug: string;
  /** Whether the tenant is served under it; else it is a claim. */
  readonly isServed: boolean;
  /** Whether it stands in front, or will do so once it is verified. */
  readonly isPrimary: boolean;
  /** Token of its challenge; `null` for one that nobody claimed. */
  readonly token: string | null;
  /** See `Domain`; `null` unless it was verified. */
  readonly method: DomainMethod | null;
  /** See `Domain`. */
  readonly createdAt: Date;
  /** See `Domain`; `null` unless it was verified. */
  readonly verifiedAt: Date | null;
  /** See `Domain`. */
  readonly checkedAt: Date | null;
  /** See `Domain`. */
  readonly failingSince: Date | null;
  /** Of those that are due: how many there are. Otherwise 0. */
  readonly total: number;
}

/** A claim of a tenant: what its statements are about. */
export interface ClaimKey {
  /** Id of the tenant, as text. */
  readonly tenantId: string;
  /** Normalised domain. */
  readonly domain: string;
}

/** What a look is noted with: whether it is there, is not, or nobody knows. */
export type LookOutcome = "found" | "missing" | "unknown";

/**
 * SQL of domains that are claimed and verified. A claim is in a table of its own, apart from the domains
 * that are served, so that whatever reads those needs no condition that it could lack. Moments are the
 * server's, so that all processes agree on them.
 */
export interface DomainSql {
  /** Statements that make the table of claims, and add to that of domains what it lacks. */
  migration(tables: RegistryTables): string;
  /** Rows (for `read`) of a tenant's domains: those served, in their order, then those claimed. */
  list(tables: RegistryTables, tenantId: string): Statement;
  /** One row if another tenant is served under the domain. */
  findOther(tables: RegistryTables, key: ClaimKey): Statement;
  /**
   * Row `{ is_primary }`, null for no, of a claim with this token as it is now, taken until the transaction
   * ends; or none.
   */
  getClaim(tables: RegistryTables, key: ClaimKey & { readonly token: string }): Statement;
  /** Inserts a claim, unless there is one, which then only may come to be the one in front. */
  claim(
    tables: RegistryTables,
    key: ClaimKey & { readonly token: string; readonly isPrimary: boolean },
  ): Statement;
  /** Deletes a claim. */
  unclaim(tables: RegistryTables, key: ClaimKey): Statement;
  /** Makes a served domain of the tenant a verified one, with what its claim tells. */
  verify(
    tables: RegistryTables,
    key: ClaimKey & { readonly token: string; readonly method: DomainMethod },
  ): Statement;
  /** Notes a look at a claim, or at a verified domain, that has this token. */
  note(
    tables: RegistryTables,
    look: ClaimKey & {
      readonly isServed: boolean;
      readonly token: string;
      readonly outcome: LookOutcome;
      readonly method: DomainMethod | null;
    },
  ): Statement;
  /** One row if a verified domain is missing for so long, taken until the transaction ends. */
  getOverdue(
    tables: RegistryTables,
    key: ClaimKey & { readonly token: string; readonly graceMs: number },
  ): Statement;
  /** Makes a verified domain's claim anew; the domain itself stays. */
  reclaim(tables: RegistryTables, key: ClaimKey): Statement;
  /** Rows of verified domains that nobody looked at for so long, the oldest look first. */
  listDue(
    tables: RegistryTables,
    filter: { readonly olderThanMs: number; readonly limit: number },
  ): Statement;
  /** Reads one row of `list` or `listDue`. */
  read(row: Readonly<Record<string, unknown>>): DomainRow;
}
