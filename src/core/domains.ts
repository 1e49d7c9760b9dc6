/**
 * Where a domain is: `pending` is claimed, and not served; `verified` is served, as its owner has shown
 * that it is theirs; `trusted` is served because the application, or its operator, said so.
 *
 * `pending` → `verified` ⇄ (checked again) → `pending` once it has failed for the grace period.
 */
export type DomainState = "pending" | "trusted" | "verified";

/** How a claim may be shown to be right: a TXT record, or a file over HTTP. */
export type DomainMethod = "dns" | "http";

/** What the owner of a domain publishes, in one of the two places. */
export interface DomainChallenge {
  /** The TXT record: its name, such as `_kirayedar.notes.acme.example`, and its text. */
  readonly dns: { readonly name: string; readonly value: string };
  /** The file: its address on port 80 of the domain, and its text. */
  readonly http: { readonly url: string; readonly body: string };
}

/** One domain of a tenant, served or claimed. */
export interface Domain {
  /** Normalised host name. */
  readonly domain: string;
  /** Where it is. */
  readonly state: DomainState;
  /** Whether it stands in front of the tenant's others. */
  readonly isPrimary: boolean;
  /** How it was verified; `null` unless it is `verified`. */
  readonly method: DomainMethod | null;
  /** When it was claimed or added. */
  readonly createdAt: Date;
  /** When it was verified first; `null` unless it is `verified`. */
  readonly verifiedAt: Date | null;
  /** When it was looked at last; `null` if never. */
  readonly checkedAt: Date | null;
  /** Since when the record and the file are missing; `null` while one is there. */
  readonly failingSince: Date | null;
  /** What the owner has to publish; `null` for a `trusted` one. */
  readonly challenge: DomainChallenge | null;
}

/** Looks TXT records up: `dns.promises.Resolver`, or what the application has in its place. */
export interface TxtResolver {
  /** Resolves with the records, each in its parts; rejects with `ENOTFOUND` or `ENODATA` if there are none. */
  resolveTxt(name: string): Promise<string[][]>;
}

/** How tenants' own domains are verified. */
export interface DomainsConfig {
  /** Ways that are tried, in this order. Default `["dns", "http"]`. */
  readonly methods?: readonly DomainMethod[];
  /** First label of the record's name, and of the file's path. Default `"_kirayedar"`. */
  readonly label?: string;
  /** Looks TXT records up. Default: the machine's own resolver. */
  readonly resolver?: TxtResolver;
  /** Gets the file. Default: a GET on port 80 that follows no redirect and reaches public addresses only. */
  readonly fetch?: (url: string, signal: AbortSignal) => Promise<{ status: number; body: string }>;
  /** How long one look may take, in milliseconds. Default 5,000. */
  readonly timeoutMs?: number;
  /** How long a verified domain is served after its record has gone, in milliseconds. Default 72 hours. */
  readonly graceMs?: number;
}
