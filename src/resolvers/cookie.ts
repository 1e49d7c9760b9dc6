import type { Resolver } from "../core/resolution.ts";
import { checkName, headerValues, identifySlug, TOKEN } from "./values.ts";

/**
 * Returns a resolver of the slug in a cookie. The browser's user can set it to anything.
 *
 * @param name - the cookie's name, exactly
 * @throws TenancyError `INVALID_CONFIG`
 */
export function cookie(name: string): Resolver {
  const key = checkName("cookie", name, TOKEN);
  const source = `cookie ${key}`;
  return {
    identify: (request) => {
      const pairs = headerValues(request, "cookie").flatMap((value) => value.split(";"));
      return identifySlug(
        source,
        pairs.flatMap((pair) => {
          const equals = pair.indexOf("=");
          return equals > 0 && pair.slice(0, equals).trim() === key
            ? [unquote(pair.slice(equals + 1).trim())]
            : [];
        }),
      );
    },
    name: source,
  };
}

/** @see https://www.rfc-editor.org/rfc/rfc6265#section-4.1.1 (a value may be in quotes) */
function unquote(value: string): string {
  return /^".*"$/.test(value) ? value.slice(1, -1) : value;
}
