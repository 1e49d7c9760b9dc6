import { isTenancyError } from "../errors/tenancy-error.ts";
import { causesOf, messageOf } from "./json.ts";
import type { Style } from "./output.ts";
import { fitText, printable } from "./text-width.ts";

/** How {@link formatError} writes. */
export interface ErrorReportOptions {
  /** Whether stack traces are shown. */
  readonly verbose: boolean;
  /** Colours of the stream. */
  readonly style: Style;
}

/** Writes an error for people: `error: fact remedy [CODE]`, then the causes, one a line. */
export function formatError(error: unknown, { style, verbose }: ErrorReportOptions): string {
  const lines = [style.red("error: ") + printable(messageOf(error), "many")];
  const shown = [messageOf(error)];
  const statement = statementOf(error);
  if (statement !== undefined) lines.push(`  ${style.dim("statement:")} ${statement}`);
  const before = doneBefore(error);
  if (before.length > 0) {
    lines.push(`  ${style.dim("done before it, and kept:")} ${printable(before.join(", "))}`);
  }
  for (const cause of causesOf(error)) {
    const message = messageOf(cause);
    // A wrapper often repeats what it wraps.
    if (verbose || !shown.some((earlier) => earlier.includes(message))) {
      lines.push(`  ${style.dim("cause:")} ${indent(printable(message, "many"))}`);
    }
    if (verbose) lines.push(...stackOf(cause, style));
    shown.push(message);
  }
  if (verbose) lines.splice(1, 0, ...stackOf(error, style));
  else if (!isTenancyError(error)) lines.push(style.dim("  Pass --verbose to see where."));
  return lines.join("\n");
}

const MAX_SUMMARY_COLUMNS = 70;

/** Writes an error in a few words, for a line or a table: `MIGRATION_FAILED: division by zero`. */
export function summarizeError(error: unknown): string {
  const cause = isTenancyError(error) ? error.cause : undefined;
  const reason = isTenancyError(error) && cause === undefined ? "" : messageOf(cause ?? error);
  const [first = ""] = reason.split("\n");
  const text = isTenancyError(error) ? [error.code, first].filter(Boolean).join(": ") : first;
  return fitText(printable(text), MAX_SUMMARY_COLUMNS);
}

const MAX_STATEMENT_LINES = 12;

/** The statement of a failed migration: SQL that the operator wrote, without any values. */
function statementOf(error: unknown): string | undefined {
  if (!isTenancyError(error)) return undefined;
  const { statement } = error as { readonly statement?: unknown };
  if (typeof statement !== "string") return undefined;
  const lines = printable(statement.trim(), "many").split("\n");
  const shown = lines.slice(0, MAX_STATEMENT_LINES);
  return indent([...shown, ...(lines.length > shown.length ? ["…"] : [])].join("\n"));
}

/** Versions that the same call had applied, or rolled back, before a migration failed. */
function doneBefore(error: unknown): readonly unknown[] {
  const { applied } = (error ?? {}) as { readonly applied?: unknown };
  return isTenancyError(error, "MIGRATION_FAILED") && Array.isArray(applied) ? applied : [];
}

function indent(text: string): string {
  return text.replaceAll("\n", "\n  ");
}

function stackOf(error: unknown, style: Style): string[] {
  const own = error instanceof Error ? (error.stack ?? "") : "";
  const frames = own.split("\n").filter((line) => /^\s+at /.test(line));
  const parts = error instanceof AggregateError ? (error.errors as unknown[]) : [];
  return [
    ...frames.map((frame) => style.dim(frame)),
    ...parts.flatMap((part) => [`  and: ${printable(messageOf(part))}`, ...stackOf(part, style)]),
  ];
}
