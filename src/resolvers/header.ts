import type { Resolver } from "../core/resolution.ts";
import { checkName, headerValues, identifySlug, TOKEN } from "./values.ts";

/**
 * Returns a resolver of the slug in a header. Only for headers that a trusted proxy sets or removes:
 * anybody else can send any.
 *
 * @param name - such as `"x-tenant"`, in whatever case
 * @throws TenancyError `INVALID_CONFIG`
 */
export function header(name: string): Resolver {
  const key = checkName("header", name, TOKEN).toLowerCase();
  const source = `header ${key}`;
  return {
    identify: (request) => {
      // Several headers of one name arrive as a list, or joined by commas, which no slug has.
      const values = headerValues(request, key).flatMap((value) => value.split(","));
      return identifySlug(
        source,
        values.map((value) => value.replace(/^[ \t]+|[ \t]+$/g, "")),
      );
    },
    name: source,
  };
}
