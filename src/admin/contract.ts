/**
 * What the console's JSON API takes and gives: the one thing that the server and the pages share. Types
 * alone, so that browser code may import them. Dates are ISO 8601 text in UTC. Every path is below the
 * mount path, as in `GET api/tenants`.
 *
 * `POST api/tenants`, `POST api/tenants/{slug}/{action}`, `POST api/runs`, `POST api/migrations/global` and
 * `POST api/operations/{id}/stop` answer 202 with an {@link Operation}: ended already if it took less than
 * a moment, and otherwise its progress arrives on `GET api/events`. What is wrong with the request itself,
 * such as a slug that is taken, is a {@link Problem} at once. `PATCH api/tenants/{slug}` answers with the
 * {@link TenantDetails}. Every POST and PATCH, also one without anything to say, has a JSON body.
 */

/** What a person may do; each includes those before it. */
export type Permission = "read" | "operate" | "destroy";

/** Header that carries {@link Session.csrfToken} on every request that changes something. */
export const CSRF_HEADER = "x-kirayedar-csrf";

/** `GET api/session`: who asks, and what the pages need to know before all else. */
export interface Session {
  /** Who it is, as `authorize` said. */
  readonly person: string;
  /** What they may do. */
  readonly may: Permission;
  /** To be sent back in {@link CSRF_HEADER}. */
  readonly csrfToken: string;
  /** Engine of the database: `"postgres"` or `"mysql"`. */
  readonly engine: "postgres" | "mysql";
  /** Version of this package. */
  readonly version: string;
  /** Domain whose subdomains are tenants' slugs; `null` if there is none. */
  readonly primaryDomain: string | null;
  /** Put before the slug to make a schema name. */
  readonly tenantPrefix: string;
  /** Whether a seed is configured. */
  readonly hasSeed: boolean;
  /** The registry's own extra columns. */
  readonly extraColumns: readonly string[];
}

/** Body of every answer that is no success. */
export interface Problem {
  /** What went wrong. */
  readonly error: {
    /** A code of `TenancyError`, or `UNAUTHORIZED`, `FORBIDDEN`, `CSRF`, `RATE_LIMITED`, `NOT_FOUND`, `INVALID_REQUEST`, `INTERNAL`. */
    readonly code: string;
    /** For people. */
    readonly message: string;
  };
}

/** One tenant in a list. */
export interface TenantSummary {
  readonly slug: string;
  readonly name: string | null;
  readonly schemaName: string;
  readonly state: string;
  readonly version: string | null;
  readonly server: string;
  /** The primary one first; those that are served. */
  readonly domains: readonly string[];
  readonly createdAt: string;
  readonly updatedAt: string;
}

/** What tenants may be sorted by. */
export type TenantSort = "slug" | "name" | "createdAt" | "updatedAt";

/** `GET api/tenants?search&state&version&server&sort&direction&limit&cursor`. `version=none`: without any. */
export interface TenantList {
  readonly tenants: readonly TenantSummary[];
  readonly nextCursor: string | null;
  /** How many match the state, version and server, whatever is searched for; `null` where nobody counted. */
  readonly total: number | null;
}

/** `GET api/slug-check?slug=`: what a new tenant would be. */
export interface SlugCheck {
  readonly slug: string;
  /** Whether a tenant can be created with it. */
  readonly ok: boolean;
  /** Schema that it would get; `null` for a slug that nobody may have. */
  readonly schemaName: string | null;
  /** Its host below the primary domain; `null` without one. */
  readonly host: string | null;
  /** Why not, for people. */
  readonly reason: string | null;
}

/** Body of `POST api/tenants`. */
export interface NewTenantRequest {
  readonly slug: string;
  readonly name?: string;
  /** Trusted and served at once; needs `operate`. */
  readonly domains?: readonly string[];
  /** Whether the configured seed runs. Default `true`. */
  readonly seed?: boolean;
}

/** One domain of a tenant. */
export interface DomainView {
  readonly domain: string;
  readonly state: "pending" | "trusted" | "verified";
  readonly isPrimary: boolean;
  readonly method: "dns" | "http" | null;
  readonly createdAt: string;
  readonly verifiedAt: string | null;
  readonly checkedAt: string | null;
  readonly failingSince: string | null;
  readonly challenge: {
    readonly dns: { readonly name: string; readonly value: string };
    readonly http: { readonly url: string; readonly body: string };
    /** Which of the two are looked at, in this order. */
    readonly methods: readonly ("dns" | "http")[];
  } | null;
}

/** One migration of a tenant, or of the global schema. */
export interface MigrationView {
  readonly version: string;
  readonly name: string;
  /** As `kirayedar status` calls it: `applied`, `pending`, `changed`, `missing`, `partial` … */
  readonly state: string;
  readonly appliedAt: string | null;
}

/** `GET api/tenants/{slug}`. */
export interface TenantDetails extends TenantSummary {
  readonly id: string;
  readonly extra: Readonly<Record<string, unknown>>;
  readonly domainList: readonly DomainView[];
  /** What a look at the schema found; `null` with `healthError` when it could not be looked at. */
  readonly health: {
    readonly schemaExists: boolean;
    readonly tableCount: number;
    readonly pending: readonly string[];
    readonly healthy: boolean;
  } | null;
  readonly healthError: string | null;
  /** Addresses under which it is served, the primary one first; without a scheme. */
  readonly hosts: readonly string[];
  /** What may be done with it now, given its state and what the person may do. */
  readonly actions: readonly TenantAction[];
}

/** What may be done with a tenant: `POST api/tenants/{slug}/{action}`. */
export type TenantAction =
  | "suspend"
  | "resume"
  | "maintenance"
  | "rename"
  | "migrate"
  | "rollback"
  | "seed"
  | "drop";

/** Body of `POST api/tenants/{slug}/{action}`. */
export interface TenantActionRequest {
  /** The slug, typed again: required for `drop` and `rollback`. */
  readonly confirm?: string;
  /** For `rename`: the new slug. */
  readonly slug?: string;
  /** For `rename`: whether the schema gets the name of the new slug as well. */
  readonly renameSchema?: boolean;
  /** For `rollback`: how many migrations. Default 1. */
  readonly steps?: number;
}

/** Body of `PATCH api/tenants/{slug}`. */
export interface TenantUpdateRequest {
  readonly name?: string | null;
}

/** `GET api/tenants/{slug}/tables`. */
export interface TableList {
  readonly tables: readonly {
    readonly name: string;
    readonly estimatedRows: number | null;
    readonly bytes: number;
  }[];
}

/** `GET api/tenants/{slug}/migrations` and `GET api/migrations/global`. */
export interface MigrationList {
  readonly migrations: readonly MigrationView[];
}

/** Body of `POST api/tenants/{slug}/domains`: answers with the {@link DomainView}. */
export interface DomainRequest {
  readonly domain: string;
  /** Serve it at once, without a look at its record. */
  readonly trusted?: boolean;
  readonly primary?: boolean;
}
// POST   api/tenants/{slug}/domains/{domain}/verify  → DomainView
// POST   api/tenants/{slug}/domains/{domain}/primary → DomainView
// DELETE api/tenants/{slug}/domains/{domain}         → 204

/** `GET api/overview?days`. */
export interface Overview {
  readonly tenants: number;
  readonly states: Readonly<Record<string, number>>;
  /** The newest version first. */
  readonly versions: readonly {
    readonly version: string | null;
    readonly tenants: number;
    readonly behind: number;
    readonly ahead: number;
  }[];
  readonly latestVersion: string | null;
  readonly created: readonly { readonly day: string; readonly tenants: number }[];
  /** `null` while the server is still being asked, or where it could not be. */
  readonly largest:
    | readonly { readonly slug: string; readonly bytes: number; readonly tables: number }[]
    | null;
  readonly servers: readonly string[];
  readonly failures: readonly {
    readonly slug: string;
    readonly code: string | null;
    readonly run: string | null;
  }[];
  readonly failureCount: number;
  readonly behind: number;
}

/** `GET api/migrations`: which migrations the fleet has. */
export interface MigrationsOverview {
  readonly latestVersion: string | null;
  readonly tenants: number;
  readonly versions: Overview["versions"];
  readonly behind: SlugGroup;
  readonly ahead: SlugGroup;
  readonly changed: SlugGroup;
  readonly dirty: SlugGroup;
  readonly failed: { readonly count: number; readonly tenants: Overview["failures"] };
  readonly global: readonly MigrationView[];
  /** Migrations that tenants still lack, by version, as a dry run tells. */
  readonly pending: readonly { readonly version: string; readonly name: string }[];
  /** The last run that can be taken up. */
  readonly resumable: string | null;
}

/** Tenants of one kind. */
export interface SlugGroup {
  readonly count: number;
  readonly slugs: readonly string[];
}

/** Body of `POST api/runs`. A `rollback` needs `destroy`, and `confirm` to be `"rollback"`. */
export interface RunRequest {
  readonly verb: "migrate" | "rollback";
  readonly canary?: readonly string[];
  readonly only?: readonly string[];
  /** A number, or a share such as `"5%"`. */
  readonly maxFailures?: number | `${number}%`;
  readonly concurrency?: number;
  readonly perSecond?: number;
  readonly steps?: number;
  readonly dryRun?: boolean;
  readonly resume?: boolean;
  readonly confirm?: string;
}
// POST api/migrations/global → Operation: applies the pending global migrations (`operate`)

/** `GET api/runs`: the newest first. */
export interface RunList {
  readonly runs: readonly RunView[];
}

/** One fleet run. */
export interface RunView {
  readonly id: string;
  readonly verb: "migrate" | "rollback";
  readonly state: "running" | "done" | "failed" | "died";
  readonly latestVersion: string | null;
  readonly startedAt: string;
  readonly endedAt: string | null;
  readonly counts: RunCounts;
  readonly stopped: string | null;
  readonly resumes: string | null;
  readonly resumedBy: string | null;
  readonly host: string;
  readonly options: Readonly<Record<string, unknown>>;
}

/** How many tenants of each kind. */
export interface RunCounts {
  readonly changed: number;
  readonly unchanged: number;
  readonly failed: number;
  readonly notReached: number;
}

/** `GET api/runs/{id}`. */
export interface RunDetails extends RunView {
  readonly tenants: readonly {
    readonly slug: string;
    readonly outcome: "failed" | "notReached";
    readonly code: string | null;
    readonly message: string | null;
  }[];
}

/** Something that takes time, in the process that answers. `GET api/operations/{id}`. */
export interface Operation {
  readonly id: string;
  /** `"tenant.create"`, `"tenant.migrate"`, `"fleet.migrate"` …, as in the audit log. */
  readonly action: string;
  readonly tenant: string | null;
  readonly person: string;
  readonly state: "running" | "done" | "failed";
  readonly startedAt: string;
  readonly endedAt: string | null;
  /** Steps that have begun, in order, for what has steps. */
  readonly steps: readonly { readonly step: string; readonly at: string }[];
  /** Whether it only looks at what would be done. */
  readonly dryRun: boolean;
  /** For a fleet run: how far it is. */
  readonly progress: { readonly done: number; readonly total: number } | null;
  /** For a fleet run: what came of it so far. */
  readonly counts: RunCounts | null;
  /** For a fleet run: its record. */
  readonly runId: string | null;
  /** The last failures of a fleet run, at most 50. */
  readonly failures: readonly {
    readonly slug: string;
    readonly code: string | null;
    readonly message: string;
  }[];
  /** A sentence on what was done, once it is. */
  readonly summary: string | null;
  readonly error: Problem["error"] | null;
}
// POST api/operations/{id}/stop → Operation: a fleet run ends before its next tenant

/** `GET api/audit?tenant&actor&action&outcome&limit&cursor`; `GET api/tenants/{slug}/events` is one tenant's. */
export interface AuditList {
  readonly entries: readonly AuditView[];
  readonly nextCursor: string | null;
}

/** One recorded change. */
export interface AuditView {
  readonly id: string;
  readonly at: string;
  readonly actor: string;
  readonly via: string;
  readonly action: string;
  readonly tenant: string | null;
  readonly details: Readonly<Record<string, unknown>>;
  readonly outcome: "begun" | "done" | "failed";
  readonly errorCode: string | null;
  readonly durationMs: number | null;
}

/**
 * `GET api/events`, as server-sent events: the type is the event's name, the rest its JSON. Those of the
 * first kind come whenever an operation moves; `changed` says that something should be read anew.
 */
export type LiveEvent =
  | { readonly type: "operation"; readonly operation: Operation }
  | {
      readonly type: "changed";
      readonly what: "audit" | "runs" | "tenants";
      readonly tenant: string | null;
    };
