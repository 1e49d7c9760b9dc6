import { parseArgs } from "node:util";

/** What was asked for on the command line. */
export interface BenchArguments {
  /** File that gets the rows as JSON. */
  readonly json: string | undefined;
  /** Which rows: those whose name it matches. */
  readonly only: RegExp | undefined;
  /** Fewer rounds and fewer tenants, for a first look. */
  readonly isQuick: boolean;
}

/** Text of `--help`. */
export const USAGE = `usage: npm run bench -- [--quick] [--only PATTERN] [--json FILE]

  --quick         fewer rounds and tenants: under 40 seconds, and noisier
  --only PATTERN  only rows whose name matches this regular expression, such as query/1ms
  --json FILE     also writes an array of rows, each with its name and figures`;

/**
 * Reads the command line.
 *
 * @returns `undefined` when help was asked for
 * @throws when an option is unknown, or the pattern is not a regular expression
 */
export function parseArguments(args: readonly string[]): BenchArguments | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      help: { short: "h", type: "boolean" },
      json: { type: "string" },
      only: { type: "string" },
      quick: { type: "boolean" },
    },
  });
  if (values.help === true) return undefined;
  return {
    isQuick: values.quick === true,
    json: values.json,
    only: values.only === undefined ? undefined : new RegExp(values.only),
  };
}
