import type { Logger } from "../core/logger.ts";
import { messageOf } from "./json.ts";
import type { Output } from "./output.ts";
import { printable } from "./text-width.ts";

/**
 * Returns a logger that prints readable lines on standard error: warnings, and with `--verbose` all
 * others; errors too, because a command reports what failed itself, and better. It stands in for
 * the configured logger, which might write to standard output.
 */
export function createLogger(output: Output, options: { readonly verbose: boolean }): Logger {
  const { dim, red, yellow } = output.noteStyle;
  const line =
    (label: string) =>
    (fields: object, message: string): void =>
      output.note([label, printable(message), dim(fieldsText(fields))].filter(Boolean).join(" "));
  const quiet = (): void => undefined;
  return {
    debug: options.verbose ? line(dim("debug")) : quiet,
    error: options.verbose ? line(red("error")) : quiet,
    info: options.verbose ? line(dim("info")) : quiet,
    warn: line(yellow("warn")),
  };
}

function fieldsText(fields: object): string {
  return Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${key}=${printable(fieldText(value))}`)
    .join(" ");
}

function fieldText(value: unknown): string {
  if (typeof value === "string") return /[\s"=]/.test(value) ? JSON.stringify(value) : value;
  if (value instanceof Error) return JSON.stringify(messageOf(value));
  return JSON.stringify(value) ?? String(value);
}
