import { Console } from "node:console";
import { CommanderError } from "commander";
import { isTenancyError } from "../errors/tenancy-error.ts";
import { NOT_CONFIRMED } from "./confirm.ts";
import { EXIT_FAILED } from "./context.ts";
import { formatError } from "./error-report.ts";
import { type JsonError, toJson, toJsonError } from "./json.ts";
import { styleOf } from "./output.ts";
import { createProgram } from "./program.ts";
import { EXIT_USAGE } from "./usage-error.ts";

/**
 * Runs the command line and sets the exit code. The process then ends by itself, so that what was
 * written to a pipe arrives whole.
 *
 * @param args - the arguments, without the program's own two
 */
export async function run(args: readonly string[]): Promise<void> {
  guardOutputs();
  try {
    await createProgram().parseAsync(args, { from: "user" });
  } catch (error) {
    process.exitCode = reportFailure(error, args);
  }
  endStragglers();
}

/** Prints why a command did not do what it was asked to, and returns the exit code. */
function reportFailure(error: unknown, args: readonly string[]): number {
  if (error instanceof CommanderError && PRINTED_ALREADY.has(error.code)) {
    return error.exitCode === 0 ? 0 : EXIT_USAGE;
  }
  const failure = describeFailure(error, args.includes("--verbose"));
  process.stderr.write(`${failure.text}\n`);
  // Looked for in the arguments themselves, because they may be what could not be understood.
  if (args.includes("--json")) process.stdout.write(`${toJson({ error: failure.document })}\n`);
  return failure.exitCode;
}

/** Help and the version end a command by an error too, after they were printed. */
const PRINTED_ALREADY = new Set(["commander.help", "commander.helpDisplayed", "commander.version"]);

interface Failure {
  readonly exitCode: number;
  readonly text: string;
  readonly document: JsonError;
}

function describeFailure(error: unknown, verbose: boolean): Failure {
  const style = styleOf(process.stderr);
  if (!(error instanceof CommanderError)) {
    const isUsage =
      isTenancyError(error, "CONFIG_NOT_FOUND") || isTenancyError(error, "INVALID_CONFIG");
    return {
      document: toJsonError(error),
      exitCode: isUsage ? EXIT_USAGE : EXIT_FAILED,
      text: formatError(error, { style, verbose }),
    };
  }
  const message = error.message.replace(/^error: /, "");
  if (error.code === NOT_CONFIRMED) {
    return {
      document: { code: "NOT_CONFIRMED", message },
      exitCode: error.exitCode,
      text: message,
    };
  }
  // Our own usage errors say themselves what to do.
  const hint = error.code.startsWith("commander.") ? "\nRun `kirayedar --help` for help." : "";
  const text = `${style.red("error: ")}${message}${hint}`;
  return { document: { code: "USAGE", message }, exitCode: EXIT_USAGE, text };
}

/** Standard output is for results: what configurations and hooks print goes to standard error. */
function guardOutputs(): void {
  globalThis.console = new Console(process.stderr, process.stderr);
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      // The reader has had enough, as `head` does after its lines. What runs is not cut off by that:
      // a deployment whose log is not read any more still migrates all tenants.
      if (error.code !== "EPIPE") throw error;
    });
  }
}

const STRAGGLER_MS = 2000;

/**
 * Ends the process if something that the configuration opened, such as a client of another server,
 * would keep it alive for ever; never before standard output has been read.
 */
function endStragglers(): void {
  setTimeout(() => {
    if (process.stdout.writableLength > 0 || process.stderr.writableLength > 0) endStragglers();
    else process.exit();
  }, STRAGGLER_MS).unref();
}
