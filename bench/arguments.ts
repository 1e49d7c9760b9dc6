import { parseArgs } from "node:util";

/** What was asked for on the command line. */
export interface BenchArguments {
  /** File that gets the rows as JSON. */
  readonly json: string | undefined;
  /** Which rows: those whose name it matches. */
  readonly only: RegExp | undefined;
  /** Whose rows; those of both engines unless one is named. */
  readonly engine: Engine | undefined;
  /** Whether the rows of the fleet, up to thousands of tenants, are measured in place of the others. */
  readonly isFleet: boolean;
  /** Fewer rounds and fewer tenants, for a first look. */
  readonly isQuick: boolean;
}

/** PostgreSQL; MySQL or MariaDB, whichever is here. */
export type Engine = (typeof ENGINES)[number];

const ENGINES = ["postgres", "mysql"] as const;

/** Text of `--help`. */
export const USAGE = `usage: npm run bench -- [--quick] [--fleet] [--engine NAME] [--only PATTERN] [--json FILE]

  --fleet         only what is done to many tenants, up to 5,000 of them, on PostgreSQL
  --quick         fewer rounds and tenants: a minute or two, and noisier
  --engine NAME   only the rows of postgres, or of mysql (MySQL and MariaDB)
  --only PATTERN  only rows whose name matches this regular expression, such as query/1ms
  --json FILE     also writes an array of rows, each with its name and figures`;

/**
 * Reads the command line.
 *
 * @returns `undefined` when help was asked for
 * @throws when an option is unknown, or a value is not one of those that it may have
 */
export function parseArguments(args: readonly string[]): BenchArguments | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      engine: { type: "string" },
      fleet: { type: "boolean" },
      help: { short: "h", type: "boolean" },
      json: { type: "string" },
      only: { type: "string" },
      quick: { type: "boolean" },
    },
  });
  if (values.help === true) return undefined;
  const engine = parseEngine(values.engine);
  if (values.fleet === true && engine === "mysql") {
    throw new Error("The rows of the fleet are PostgreSQL's.");
  }
  return {
    engine,
    isFleet: values.fleet === true,
    isQuick: values.quick === true,
    json: values.json,
    only: values.only === undefined ? undefined : new RegExp(values.only),
  };
}

function parseEngine(text: string | undefined): Engine | undefined {
  const engine = ENGINES.find((name) => name === text);
  if (engine === text) return engine;
  throw new Error(`"${text}" is no engine.`);
}
