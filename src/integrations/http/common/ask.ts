import type { ServedOptions } from "../../../core/domains.ts";
import type { Tenancy } from "../../../core/tenancy.ts";
import { isTenancyError, TenancyError } from "../../../errors/tenancy-error.ts";
import { normalizeHost } from "../../../resolvers/normalize-host.ts";
import type { Reply } from "./reply.ts";

/** The part of a tenancy that ask handlers use. */
export type AskTenancy = Pick<Tenancy, "isServedDomain" | "logger">;

/** Which hosts a proxy may get a certificate for. */
export interface AskOptions extends ServedOptions {
  /** Other hosts that are the application's own, such as the admin host. Default: none. */
  readonly hosts?: readonly string[];
}

/** Answers a request by its method and its target, which may be a path or a whole address. */
export type AskReply = (method: string | undefined, target: string | undefined) => Promise<Reply>;

/** What may be missing of a method or a target; every answer is as short. */
const TEXTS: Readonly<Record<number, string>> = {
  200: "served",
  400: "one `domain` is required",
  404: "not served",
  405: "only GET",
  503: "not known",
};

/**
 * Makes a function that answers whether a proxy may get a certificate for a host: 200 if a tenant that is
 * there is served under it, 404 if not, 503 if nobody knows.
 */
export function createAskReply(tenancy: AskTenancy, options: AskOptions): AskReply {
  const { hosts = [], subdomains = false } = options;
  if (typeof subdomains !== "boolean" || !Array.isArray(hosts)) {
    throw new TenancyError(
      "INVALID_CONFIG",
      "`subdomains` is `true` or `false`, and `hosts` an array of host names.",
    );
  }
  const own = new Set(hosts.map(hostName));
  return async (method, target) => {
    if (method !== "GET" && method !== "HEAD") return toReply(405);
    const domains = domainsOf(target);
    const [domain] = domains;
    if (domain === undefined || domain === "" || domains.length > 1) return toReply(400);
    const normalized = normalizeHost(domain);
    if (normalized.kind === "name" && own.has(normalized.host)) return toReply(200);
    try {
      return toReply((await tenancy.isServedDomain(domain, { subdomains })) ? 200 : 404);
    } catch (error) {
      const reason = isTenancyError(error) ? error.code : undefined;
      tenancy.logger.error({ err: error, reason }, "domain not known");
      return toReply(503);
    }
  };
}

function hostName(value: unknown): string {
  const normalized = typeof value === "string" ? normalizeHost(value) : undefined;
  if (normalized?.kind === "name") return normalized.host;
  throw new TenancyError("INVALID_CONFIG", "`hosts` has something that is no host name.");
}

function domainsOf(target: string | undefined): readonly string[] {
  const base = "http://localhost";
  const given = target ?? "/";
  // A path that begins with two slashes is not to be read as a host.
  const url = given.startsWith("/") ? base + given : given;
  return URL.canParse(url) ? new URL(url).searchParams.getAll("domain") : [];
}

function toReply(status: number): Reply {
  return {
    body: `${TEXTS[status]}\n`,
    headers: {
      "cache-control": "no-store",
      "content-type": "text/plain; charset=utf-8",
      ...(status === 405 && { allow: "GET, HEAD" }),
    },
    status,
  };
}
