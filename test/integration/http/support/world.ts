import type { ResolveRequest, Resolution, MaybePromise } from "../../../../src/core/resolution.ts";
import { GLOBAL_SCOPE, ScopeContext, scopeOf } from "../../../../src/core/scope.ts";
import { TenancyError } from "../../../../src/errors/tenancy-error.ts";
import type { Tenant } from "../../../../src/core/tenant.ts";
import type { Resolver } from "../../../../src/core/resolution.ts";
import type { HttpTenancy } from "../../../../src/integrations/http/common/options.ts";
import { fakeTenant } from "../../../support/pg-world.ts";

export interface LogLine {
  readonly level: string;
  readonly fields: Record<string, unknown>;
  readonly message: string;
}

/** A tenancy without a database: `<slug>.example.com` and `/t/<slug>/…` name tenants. */
export interface World {
  readonly tenancy: HttpTenancy;
  readonly context: ScopeContext;
  readonly log: LogLine[];
  /** What the application noted, as `<what>:<scope>`. */
  readonly events: string[];
  /** Requests that were resolved. */
  readonly resolved: ResolveRequest[];
  /** The slug in force, `"global"`, or `"none"`. */
  scope(): string;
  /** Notes the scope in force. */
  note(what: string): void;
  tenant(slug: string): Tenant;
  /** Closes the tenancy, as a shutdown does; with `isLate`, only after the next request was resolved. */
  close(isLate?: boolean): void;
}

/** Names tenants as `/t/<slug>/…`. */
export const pathResolver: Resolver = {
  identify: ({ url = "" }) => {
    const [, slug, rest] = /^\/t\/([^/?]+)(.*)$/.exec(url) ?? [];
    if (slug === undefined) return undefined;
    const strippedUrl = rest?.startsWith("/") === true ? rest : `/${rest ?? ""}`;
    return { kind: "slug", slug, strippedUrl };
  },
  name: "path",
};

const STATES = ["suspended", "maintenance", "provisioning"] as const;

export function createWorld(): World {
  const context = new ScopeContext();
  const tenants = new Map<string, Tenant>();
  const log: LogLine[] = [];
  const events: string[] = [];
  const resolved: ResolveRequest[] = [];
  const tenant = (slug: string): Tenant => {
    const known = tenants.get(slug) ?? fakeTenant(slug);
    tenants.set(slug, known);
    return known;
  };
  const line = (level: string) => (fields: object, message: string) => {
    log.push({ fields: fields as Record<string, unknown>, level, message });
  };
  const scope = (): string => {
    const current = context.current();
    if (current === undefined) return "none";
    return current.kind === "tenant" ? current.tenant.slug : "global";
  };
  let isClosed = false;
  let isClosing = false;
  const checkOpen = (): void => {
    if (isClosed) throw new TenancyError("TENANCY_CLOSED", "The tenancy is closed.");
  };
  const tenancy: HttpTenancy = {
    currentScope: () => context.current(),
    enter: (resolution, fn) => {
      checkOpen();
      if (resolution.kind === "tenant") return context.enter(scopeOf(resolution.tenant), fn);
      return context.enter(resolution.kind === "global" ? GLOBAL_SCOPE : undefined, fn);
    },
    logger: { debug: line("debug"), error: line("error"), info: line("info"), warn: line("warn") },
    resolve: (request) => {
      resolved.push(request);
      if (isClosed) return Promise.resolve().then(checkOpen as () => never);
      isClosed = isClosing;
      return resolveByName(request, tenant);
    },
  };
  const close = (isLate = false): void => {
    isClosing = true;
    isClosed = !isLate;
  };
  return {
    close,
    context,
    events,
    log,
    note: (what) => void events.push(`${what}:${scope()}`),
    resolved,
    scope,
    tenancy,
    tenant,
  };
}

function resolveByName(
  request: ResolveRequest,
  tenant: (slug: string) => Tenant,
): MaybePromise<Resolution> {
  const { host } = request;
  if (typeof host !== "string") return { kind: "invalid", reason: "several hosts" };
  const path = /^\/t\/([a-z0-9]+)(.*)$/.exec(request.url ?? "");
  if (path !== null) {
    const [, slug = "", rest = ""] = path;
    return {
      kind: "tenant",
      strippedUrl: rest.startsWith("/") ? rest : `/${rest}`,
      tenant: tenant(slug),
    };
  }
  const name = host.toLowerCase().replace(/:\d+$/, "");
  if (!/^[a-z0-9.-]+$/.test(name)) return { kind: "invalid", reason: "malformed host" };
  const slug = /^([a-z0-9]+)\.example\.com$/.exec(name)?.[1];
  switch (slug) {
    case undefined:
    case "nobody":
      return { kind: "unknown", name };
    case "admin":
      return { kind: "global" };
    case "conflict":
      return { kind: "conflict", names: ["acme", "globex"] };
    case "down":
      return rejectLater(new TenancyError("DATABASE_UNAVAILABLE", "It is down."));
    case "broken":
      return rejectLater(new Error("the registry is broken"));
    default: {
      const kind = STATES.find((state) => state === slug) ?? "tenant";
      const resolution: Resolution = { kind, tenant: tenant(slug) };
      // Both ways in which a tenancy may answer: at once, as from its cache, and later.
      return slug.length % 2 === 0 ? resolution : later(() => resolution);
    }
  }
}

function rejectLater(error: Error): Promise<never> {
  return later(() => {
    throw error;
  });
}

/** Answers from another async context than the caller's, as a pool does. */
function later<T>(fn: () => T): Promise<T> {
  return new Promise((resolve, reject) => {
    queue.push(() => {
      try {
        resolve(fn());
      } catch (error) {
        // oxlint-disable-next-line typescript/prefer-promise-reject-errors -- it is an error
        reject(error);
      }
    });
    setImmediate(flush);
  });
}

const queue: (() => void)[] = [];

function flush(): void {
  for (const job of queue.splice(0)) job();
}
