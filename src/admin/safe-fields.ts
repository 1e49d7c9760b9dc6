import { describe } from "../tenancy/operations.ts";

/** Returns what a log line may have of any error: where it came from, and nothing that quotes values. */
export function safeFields(error: unknown): Readonly<Record<string, unknown>> {
  if (!(error instanceof Error)) return describe(error);
  const frames = (error.stack ?? "").split("\n").filter((line) => /^\s+at /.test(line));
  return { ...describe(error), name: error.name, stack: frames.join("\n") };
}
