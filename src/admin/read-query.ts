import { checkValue } from "./api/check-value.ts";
import { COMPONENTS } from "./api/components.ts";
import { RequestError } from "./api/problem.ts";
import type { Schema } from "./api/schema.ts";

/** Reads the query by the schemas of its parameters. @throws RequestError `INVALID_REQUEST` */
export function readQuery(
  params: URLSearchParams,
  schemas: Readonly<Record<string, Schema>>,
): Readonly<Record<string, unknown>> {
  const values: Record<string, unknown> = {};
  for (const [name, text] of params) {
    const schema = Object.hasOwn(schemas, name) ? schemas[name] : undefined;
    if (schema === undefined) throw invalid(`\`${name.slice(0, 80)}\` is unknown.`);
    if (Object.hasOwn(values, name)) throw invalid(`\`${name}\` is there twice.`);
    const value = schema.type === "integer" && /^\d{1,15}$/.test(text) ? Number(text) : text;
    const failure = checkValue(schema, value, COMPONENTS, name);
    if (failure !== undefined) throw invalid(failure);
    values[name] = value;
  }
  return values;
}

function invalid(message: string): RequestError {
  return new RequestError("INVALID_REQUEST", message);
}
