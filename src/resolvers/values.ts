import type { Identification, ResolveRequest } from "../core/resolution.ts";
import { TenancyError } from "../errors/tenancy-error.ts";

/** Returns the values of a header, by its lower-case name. */
export function headerValues(request: ResolveRequest, name: string): readonly string[] {
  const { headers } = request;
  if (headers === undefined) return [];
  if (typeof headers === "function") {
    const value = headers(name);
    return value === null || value === undefined ? [] : [value];
  }
  const value = Object.hasOwn(headers, name) ? headers[name] : undefined;
  if (value === undefined) return [];
  return typeof value === "string" ? [value] : value;
}

/**
 * Makes of the values that one source gave a slug; no opinion if there is none, or only empty ones.
 *
 * @param source - for the message, such as `header x-tenant`
 */
export function identifySlug(source: string, values: readonly string[]): Identification {
  const [slug, ...others] = new Set(values.filter((value) => value !== ""));
  if (slug === undefined) return undefined;
  // ISOLATION: of two values, another part of the application may have read the other. unit/resolvers/resolvers.test.ts
  if (others.length > 0) return { kind: "invalid", reason: `the ${source} has several values` };
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  if (/[\u0000-\u001f\u007f]/.test(slug)) {
    return { kind: "invalid", reason: `the ${source} has a control character` };
  }
  return { kind: "slug", slug };
}

/**
 * Checks the name that a resolver is made with.
 *
 * @throws TenancyError `INVALID_CONFIG`
 */
export function checkName(resolver: string, name: unknown, pattern: RegExp): string {
  if (typeof name === "string" && pattern.test(name)) return name;
  throw new TenancyError("INVALID_CONFIG", `The \`${resolver}\` resolver has no usable name.`, {
    remedy: `Pass one, such as \`${resolver}("tenant")\`.`,
  });
}

/** @see https://www.rfc-editor.org/rfc/rfc9110#section-5.6.2 */
export const TOKEN: RegExp = /^[\w!#$%&'*+.^`|~-]+$/;
