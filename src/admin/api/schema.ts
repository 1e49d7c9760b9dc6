/** A JSON schema: the part of its 2020-12 draft, which OpenAPI 3.1 uses, that the API needs. */
export interface Schema {
  /** Names a schema of {@link COMPONENT_PREFIX}. */
  readonly $ref?: string;
  readonly type?: JsonType | readonly JsonType[];
  readonly description?: string;
  readonly enum?: readonly (string | null)[];
  readonly format?: string;
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly items?: Schema;
  readonly maxItems?: number;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | Schema;
  readonly anyOf?: readonly Schema[];
}

/** A kind of JSON value. */
export type JsonType = "array" | "boolean" | "integer" | "null" | "number" | "object" | "string";

/** A schema of values of one type, which exists for the compiler alone. */
export interface SchemaOf<T> extends Schema {
  /** Never there. */
  readonly __type?: T;
}

/** Where an OpenAPI document has its named schemas. */
export const COMPONENT_PREFIX = "#/components/schemas/";

/** Refers to a named schema. */
export function ref<T>(name: string): SchemaOf<T> {
  return { $ref: COMPONENT_PREFIX + name };
}

/** Text; no longer than 10,000 characters unless told otherwise, so that nobody has to read more. */
export function text(limits: Pick<Schema, "maxLength" | "minLength" | "pattern"> = {}): Schema {
  return { maxLength: 10_000, type: "string", ...limits };
}

/** A point in time. */
export const TIME: Schema = { format: "date-time", type: "string" };

/** Yes or no. */
export const BOOLEAN: Schema = { type: "boolean" };

/** A number of things, or of bytes. */
export const COUNT: Schema = { minimum: 0, type: "integer" };

/** A length of time, in milliseconds. */
export const DURATION: Schema = { minimum: 0, type: "number" };

/** A whole number between two others. */
export function integer(minimum: number, maximum: number): Schema {
  return { maximum, minimum, type: "integer" };
}

/** One of some words. */
export function oneOf(words: readonly string[]): Schema {
  return { enum: words, type: "string" };
}

/** Values of one kind. */
export function list(items: Schema, limits: Pick<Schema, "maxItems"> = {}): Schema {
  return { items, type: "array", ...limits };
}

/** Values of one kind by names that nobody knows beforehand. */
export function record(values: Schema | true): Schema {
  return { additionalProperties: values, type: "object" };
}

/** A value, or `null`. */
export function nullable(schema: Schema): Schema {
  if (typeof schema.type !== "string") return { anyOf: [schema, { type: "null" }] };
  return {
    ...schema,
    ...(schema.enum !== undefined && { enum: [...schema.enum, null] }),
    type: [schema.type, "null"],
  };
}

/** Names of the properties of an interface that may be absent. */
type OptionalKey<T> = {
  [K in keyof T]-?: object extends Pick<T, K> ? K : never;
}[keyof T] &
  string;

/**
 * An object that has exactly the properties of an interface: the compiler compares their names.
 *
 * @param optional - those that may be absent
 */
export function object<T extends object>(
  properties: { readonly [K in keyof T]-?: Schema },
  optional: readonly OptionalKey<T>[] = [],
): SchemaOf<T> {
  const names = Object.keys(properties);
  const absent: readonly string[] = optional;
  return {
    additionalProperties: false,
    properties,
    required: names.filter((name) => !absent.includes(name)),
    type: "object",
  };
}

/** A body in which nothing is said. */
export const NOTHING: SchemaOf<Record<string, never>> = {
  additionalProperties: false,
  properties: {},
  type: "object",
};
