/** An error, as `--json` shows it. */
export interface JsonError {
  /** The stable code; `null` for errors that are not the toolkit's own. */
  readonly code: string | null;
  /** What happened. */
  readonly message: string;
  /** The tenant concerned, if any. */
  readonly tenant?: string;
  /** Messages of the causes, outermost first. */
  readonly causes?: readonly string[];
  /** Other data of the error, such as a migration's file and line. */
  readonly details?: Readonly<Record<string, unknown>>;
}

/** Writes a value as one JSON document: errors as {@link JsonError}, big integers as text. */
export function toJson(value: unknown): string {
  return JSON.stringify(
    value,
    (_key, entry: unknown) => {
      if (typeof entry === "bigint") return entry.toString();
      return entry instanceof Error ? toJsonError(entry) : entry;
    },
    2,
  );
}

/** Returns the data of an error that a program can use. */
export function toJsonError(error: unknown): JsonError {
  const { code, tenant } = (error ?? {}) as { readonly code?: unknown; readonly tenant?: unknown };
  const causes = causesOf(error).map(messageOf);
  const details = detailsOf(error);
  return {
    code: typeof code === "string" ? code : null,
    message: messageOf(error),
    ...(typeof tenant === "string" && { tenant }),
    ...(causes.length > 0 && { causes }),
    ...(details !== undefined && { details }),
  };
}

const COMMON = new Set(["cause", "code", "isTenancyError", "message", "name", "stack", "tenant"]);

/** Returns what a subclass of `TenancyError` carries beside the code and the tenant. */
function detailsOf(error: unknown): Record<string, unknown> | undefined {
  if ((error as { isTenancyError?: unknown } | null)?.isTenancyError !== true) return undefined;
  const entries = Object.entries(error as object).filter(
    ([key, value]) => !COMMON.has(key) && isPlain(value),
  );
  return entries.length > 0 ? Object.fromEntries(entries) : undefined;
}

function isPlain(value: unknown): boolean {
  if (Array.isArray(value)) return value.every(isPlain);
  return ["boolean", "number", "string"].includes(typeof value);
}

/** Returns an error's message, or the nearest thing to one; never empty. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.message !== "") return error.message;
  // Node's error for a host with several addresses has no message of its own.
  const first = error instanceof AggregateError ? error.errors.find(hasMessage) : undefined;
  return first === undefined ? error.name : messageOf(first);
}

function hasMessage(error: unknown): boolean {
  return error instanceof Error && error.message !== "";
}

/** Returns the chain of causes behind an error, outermost first. */
export function causesOf(error: unknown): unknown[] {
  const causes: unknown[] = [];
  let next = (error as { readonly cause?: unknown } | null | undefined)?.cause;
  while (next !== undefined && next !== null && !causes.includes(next) && next !== error) {
    causes.push(next);
    next = (next as { readonly cause?: unknown }).cause;
  }
  return causes;
}
