import { TenancyError } from "../../../errors/tenancy-error.ts";
import type { Tenancy } from "../../../core/tenancy.ts";
import type { RefusalKind } from "./status.ts";
import { compileTrustProxy, type TrustProxy } from "./trust-proxy.ts";

/** The part of a tenancy that adapters use. */
export type HttpTenancy = Pick<Tenancy, "resolve" | "enter" | "currentScope" | "logger">;

/** The outcomes that an application may answer itself. */
export type HandledKind = Exclude<
  RefusalKind,
  "tenantRequired" | "globalRequired" | "wrongTenant" | "failed"
>;

/**
 * How an adapter treats requests.
 *
 * @typeParam Request - what `skip` is called with: the framework's request or context
 * @typeParam Handler - the framework's own handler, with the refusal as an argument more
 */
export interface HttpOptions<Request, Handler> {
  /**
   * What happens to requests of no known tenant. Default `"respond"`: 404. `"pass"` continues
   * without a scope, so that queries are refused until `putTenant`.
   */
  readonly onUnknown?: "respond" | "pass";
  /** Answers in place of the built-in ones. They run without a scope. */
  readonly handlers?: Readonly<Partial<Record<HandledKind, Handler>>>;
  /**
   * Which peers' `X-Forwarded-Host` counts: all, none, those with these addresses or in these
   * networks (`"10.0.0.0/8"`), or those that a function accepts. Default `false`: the header is
   * ignored, because anybody can send it.
   */
  readonly trustProxy?: TrustProxy;
  /** Property that holds the tenant. Default `"tenant"`; the resolution is at this name + `"Resolution"`. */
  readonly assignKey?: string;
  /** Name of a response header that tells the tenant's slug. Default: none. */
  readonly responseHeader?: string;
  /** What `Retry-After` says, in seconds. Default 30. */
  readonly retryAfterSeconds?: number;
  /** Requests that are not resolved at all, such as health checks. They run without a scope. */
  readonly skip?: (request: Request) => boolean;
}

/** Options that have been checked, with every default filled in; see {@link HttpOptions}. */
export interface HttpSettings<Request, Handler> {
  readonly onUnknown: "respond" | "pass";
  readonly handlers: Readonly<Partial<Record<RefusalKind, Handler>>>;
  readonly trusts: (remoteAddress: string | undefined) => boolean;
  readonly tenantKey: string;
  readonly resolutionKey: string;
  readonly responseHeader: string | undefined;
  readonly retryAfterSeconds: number;
  readonly skip: ((request: Request) => boolean) | undefined;
}

const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const PROPERTY = /^[A-Za-z$][\w$]*$/;
const HANDLED: ReadonlySet<string> = new Set<HandledKind>([
  "unknown",
  "conflict",
  "invalid",
  "suspended",
  "maintenance",
  "migrating",
  "provisioning",
  "unavailable",
]);

/**
 * Checks options and fills in the defaults.
 *
 * @throws TenancyError `INVALID_CONFIG`
 */
export function parseHttpOptions<Request, Handler>(
  options: HttpOptions<Request, Handler>,
): HttpSettings<Request, Handler> {
  const { assignKey = "tenant", onUnknown = "respond", retryAfterSeconds = 30 } = options;
  check(onUnknown === "respond" || onUnknown === "pass", '`onUnknown` is "respond" or "pass"');
  check(PROPERTY.test(assignKey), "`assignKey` is the name of a property");
  check(
    Number.isSafeInteger(retryAfterSeconds) && retryAfterSeconds >= 0,
    "`retryAfterSeconds` is a whole number, 0 or more",
  );
  check(
    options.responseHeader === undefined || HEADER_NAME.test(options.responseHeader),
    "`responseHeader` is the name of a header",
  );
  check(options.skip === undefined || typeof options.skip === "function", "`skip` is a function");
  for (const [kind, handler] of Object.entries(options.handlers ?? {})) {
    check(HANDLED.has(kind), `\`handlers\` has no outcome ${JSON.stringify(kind)}`);
    check(
      handler === undefined || typeof handler === "function",
      `\`handlers.${kind}\` is a function`,
    );
  }
  return {
    handlers: options.handlers ?? {},
    onUnknown,
    resolutionKey: `${assignKey}Resolution`,
    responseHeader: options.responseHeader,
    retryAfterSeconds,
    skip: options.skip,
    tenantKey: assignKey,
    trusts: compileTrustProxy(options.trustProxy ?? false),
  };
}

function check(holds: boolean, rule: string): void {
  if (!holds) {
    throw new TenancyError("INVALID_CONFIG", `An option of the HTTP adapter is wrong: ${rule}.`);
  }
}
