import type { Identification, MaybePromise, ResolveRequest, Resolver } from "../core/resolution.ts";
import { TenancyError } from "../errors/tenancy-error.ts";
import { andThen } from "../internal/maybe-promise.ts";
import { identifySlug } from "./values.ts";

/** What a function may say of a request: a slug, an id, or nothing. */
export type NamedTenant = string | { readonly id: string } | null | undefined;

/**
 * Returns a resolver of whatever a function takes from the request: a session, a claim of a token
 * that was verified before. What the function throws, `resolve` rejects with.
 *
 * @param fn - returns a slug, `{ id }`, or nothing; may be asynchronous
 * @param name - for messages. Default `"value"`
 * @throws TenancyError `INVALID_CONFIG`
 */
export function value(
  fn: (request: ResolveRequest) => MaybePromise<NamedTenant>,
  name: string = "value",
): Resolver {
  if (typeof fn !== "function") {
    throw new TenancyError("INVALID_CONFIG", "The `value` resolver has no function.", {
      remedy: "Pass one, such as `value((request) => request.raw.session.tenant)`.",
    });
  }
  return { identify: (request) => andThen(fn(request), (named) => identify(name, named)), name };
}

function identify(name: string, named: unknown): Identification {
  if (named === null || named === undefined) return undefined;
  if (typeof named === "string") return identifySlug(name, [named]);
  const { id } = named as { id?: unknown };
  if (typeof id === "string" && id !== "") return { id, kind: "id" };
  return { kind: "invalid", reason: `the ${name} is neither a slug nor an id` };
}
