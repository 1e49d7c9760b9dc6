import { COMPONENT_PREFIX, type JsonType, type Schema } from "./schema.ts";

/** Named schemas. */
export type Components = Readonly<Record<string, Schema>>;

/**
 * Compares a JSON value with a schema.
 *
 * @param components - what `$ref` may name
 * @returns a sentence on the first thing that is wrong, with its place; `undefined` if nothing is
 */
export function checkValue(
  schema: Schema,
  value: unknown,
  components: Components,
  place = "",
): string | undefined {
  const check = (inner: Schema, of: unknown, at: string): string | undefined =>
    checkValue(inner, of, components, at);
  if (schema.$ref !== undefined) {
    const named = components[schema.$ref.slice(COMPONENT_PREFIX.length)];
    return named === undefined ? `${schema.$ref} is unknown.` : check(named, value, place);
  }
  if (schema.anyOf !== undefined) {
    const failures = schema.anyOf.map((inner) => check(inner, value, place));
    return failures.includes(undefined) ? undefined : failures[0];
  }
  const type = typeOf(value);
  const allowed = schema.type === undefined ? [] : [schema.type].flat();
  if (allowed.length > 0 && !allowed.some((each) => matches(each, type))) {
    return `${subject(place)} must be of type ${allowed.join(" or ")}.`;
  }
  if (schema.enum !== undefined && !schema.enum.includes(value as string)) {
    return `${subject(place)} must be one of ${schema.enum.map(String).join(", ")}.`;
  }
  if (typeof value === "string") return checkText(schema, value, place);
  if (typeof value === "number") return checkNumber(schema, value, place);
  if (Array.isArray(value)) return checkList(schema, value, place, check);
  if (type === "object") return checkObject(schema, value as Fields, place, check);
  return undefined;
}

type Fields = Readonly<Record<string, unknown>>;
type Check = (schema: Schema, value: unknown, place: string) => string | undefined;

/** Names a place in a sentence; the value itself is not repeated, as it may be anything. */
function subject(place: string): string {
  return place === "" ? "The body" : `\`${place}\``;
}

function typeOf(value: unknown): JsonType | "undefined" {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  if (typeof value === "number") return Number.isInteger(value) ? "integer" : "number";
  return typeof value as JsonType | "undefined";
}

function matches(allowed: JsonType, type: string): boolean {
  return allowed === type || (allowed === "number" && type === "integer");
}

function checkText(schema: Schema, value: string, place: string): string | undefined {
  const { maxLength = Infinity, minLength = 0, pattern } = schema;
  if (value.length < minLength) return `${subject(place)} is too short.`;
  if (value.length > maxLength) return `${subject(place)} is longer than ${maxLength} characters.`;
  if (pattern !== undefined && !new RegExp(pattern, "u").test(value)) {
    return `${subject(place)} does not look as it must.`;
  }
  return undefined;
}

function checkNumber(schema: Schema, value: number, place: string): string | undefined {
  const { exclusiveMinimum = -Infinity, maximum = Infinity, minimum = -Infinity } = schema;
  if (Number.isFinite(value) && value >= minimum && value <= maximum && value > exclusiveMinimum) {
    return undefined;
  }
  const from = exclusiveMinimum > -Infinity ? `more than ${exclusiveMinimum}` : `from ${minimum}`;
  return `${subject(place)} must be ${from}${maximum < Infinity ? ` to ${maximum}` : ""}.`;
}

function checkList(
  { items, maxItems = Infinity }: Schema,
  value: readonly unknown[],
  place: string,
  check: Check,
): string | undefined {
  if (value.length > maxItems) return `${subject(place)} has more than ${maxItems} entries.`;
  if (items === undefined) return undefined;
  return first(value.entries(), ([index, each]) => check(items, each, `${place}[${index}]`));
}

function checkObject(
  schema: Schema,
  value: Fields,
  place: string,
  check: Check,
): string | undefined {
  const { additionalProperties = true, properties = {}, required = [] } = schema;
  const at = (name: string): string => (place === "" ? name : `${place}.${name}`);
  const missing = required.find((name) => !Object.hasOwn(value, name));
  if (missing !== undefined) return `\`${at(missing)}\` is missing.`;
  return first(Object.entries(value), ([name, each]) => {
    const own = Object.hasOwn(properties, name) ? properties[name] : undefined;
    if (own !== undefined) return check(own, each, at(name));
    if (additionalProperties === true) return undefined;
    if (additionalProperties === false) return `${shownName(at(name))} is unknown.`;
    return check(additionalProperties, each, at(name));
  });
}

function shownName(name: string): string {
  return `\`${name.slice(0, 80)}\``;
}

function first<T>(
  values: Iterable<T>,
  check: (value: T) => string | undefined,
): string | undefined {
  for (const value of values) {
    const failure = check(value);
    if (failure !== undefined) return failure;
  }
  return undefined;
}
