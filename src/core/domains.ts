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
  /** In which of the two places it is looked for. */
  readonly methods: readonly DomainMethod[];
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
  /** What the owner has to publish; `null` for a `trusted` one that nobody claimed. */
  readonly challenge: DomainChallenge | null;
}

/** How `claimDomain` claims. */
export interface ClaimOptions {
  /** Whether it is put in front of the tenant's others as soon as it is verified. Default `false`. */
  readonly primary?: boolean;
}

/** What `isServedDomain` counts as served. */
export interface ServedOptions {
  /** Whether the slug's subdomain of the primary domain counts too. Default `false`. */
  readonly subdomains?: boolean;
}

/** How `checkDomains` goes through the verified domains. */
export interface CheckDomainsOptions {
  /** Only those that nobody looked at for so long, in milliseconds. Default 0: all. */
  readonly olderThanMs?: number;
  /** So many at most, beginning with the one that was looked at the longest time ago. Default: all. */
  readonly limit?: number;
  /** Domains at a time, at most. Default 8. At most 1,000. */
  readonly concurrency?: number;
  /** Stops before the next domain; those in hand are finished. */
  readonly signal?: AbortSignal;
  /** Called after each domain. */
  readonly onProgress?: (progress: CheckDomainsProgress) => void;
}

/** How far a check is. */
export interface CheckDomainsProgress {
  /** Domains looked at. */
  readonly done: number;
  /** Domains in the check. */
  readonly total: number;
  /** The one that was looked at last. */
  readonly last: DomainCheck;
}

/**
 * What came of one look: it is `verified`; neither record nor file is there any more, and it is `failing`,
 * or has `lapsed`, as that has been so for the grace period; or it is `unknown`, because somebody did not
 * answer who should know.
 */
export type DomainOutcome = "verified" | "failing" | "lapsed" | "unknown";

/** One domain of a check. */
export interface DomainCheck {
  /** Slug of its tenant. */
  readonly tenant: string;
  /** The domain. */
  readonly domain: string;
  /** What came of it. */
  readonly outcome: DomainOutcome;
  /** What was looked for and what was found; `null` when it is `verified`. */
  readonly reason: string | null;
  /** Since when record and file are missing; `null` while one is there. */
  readonly failingSince: Date | null;
}

/** What `checkDomains` did. It holds nothing of the domains that are well: `onProgress` is told of them. */
export interface CheckDomainsResult {
  /** `true` when none lapsed and none was left out by a stop. */
  readonly ok: boolean;
  /** How many were looked at. */
  readonly done: number;
  /** How many there are of each outcome. */
  readonly counts: Readonly<Record<DomainOutcome, number>>;
  /** Those that are not `verified`, in the order in which they were looked at. */
  readonly domains: readonly DomainCheck[];
  /** Whether the signal, or the end of the tenancy, stopped it. */
  readonly stopped: boolean;
  /** How long it took, in milliseconds. */
  readonly durationMs: number;
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
