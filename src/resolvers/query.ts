import type { Resolver } from "../core/resolution.ts";
import { checkName, identifySlug } from "./values.ts";

/**
 * Returns a resolver of the slug in a parameter of the query string, `/notes?tenant=acme`.
 *
 * @param parameter - its name, exactly
 * @throws TenancyError `INVALID_CONFIG`
 */
export function query(parameter: string): Resolver {
  const key = checkName("query", parameter, /./);
  const source = `query parameter ${key}`;
  return {
    identify: ({ url = "" }) => {
      // ISOLATION: frameworks end the query at a `#`, and would not see the tenant that was named
      // behind it. unit/resolvers/resolvers.test.ts
      const target = url.replace(/#.*$/s, "");
      const mark = target.indexOf("?");
      if (mark < 0) return undefined;
      return identifySlug(source, new URLSearchParams(target.slice(mark + 1)).getAll(key));
    },
    name: source,
  };
}
