import { type Command, Option } from "commander";
import type { Tenancy } from "../core/tenancy.ts";
import { CONFIG_VARIABLE, type LoadedConfig, loadConfig } from "./config.ts";
import { importModule } from "./import-module.ts";
import { messageOf } from "./json.ts";
import { createLogger } from "./logger.ts";
import { createOutput, type Output } from "./output.ts";

/** Options that every command takes. */
export interface CommonOptions {
  /** Path of the configuration file. */
  readonly config?: string;
  /** Whether the result is one JSON document. */
  readonly json?: boolean;
  /** Whether log lines and stack traces are shown. */
  readonly verbose?: boolean;
}

/** What a command works with. */
export interface Context<Options> {
  /** The options given, the command's own and the common ones. */
  readonly options: Options & CommonOptions;
  /** Where the result and remarks go. */
  readonly output: Output;
  /** Reads the configuration. */
  readonly loadConfig: () => Promise<LoadedConfig>;
  /** Reads the configuration and returns its tenancy, which is closed after the command. */
  readonly openTenancy: () => Promise<Tenancy>;
}

/** Exit code of a command that did what it was asked to. */
export const EXIT_OK = 0;

/** Exit code of a command in which something failed. */
export const EXIT_FAILED = 1;

/**
 * A command's work: receives the positional arguments, resolves with the exit code.
 *
 * @typeParam Options - the command's own options, by commander's camel-case names
 * @typeParam Args - its positional arguments
 */
export type CommandHandler<Options, Args extends unknown[]> = (
  context: Context<Options>,
  ...args: Args
) => Promise<number>;

/** Adds the options that every command takes. */
export function addCommonOptions(command: Command): Command {
  return command
    .addOption(new Option("--config <file>", "configuration file").helpGroup("Common options:"))
    .addOption(new Option("--json", "print one JSON document").helpGroup("Common options:"))
    .addOption(
      new Option("--verbose", "show log lines, stack traces and causes").helpGroup(
        "Common options:",
      ),
    );
}

/** Returns a commander action that runs a handler, closes its tenancy, and sets the exit code. */
export function action<Options, Args extends unknown[]>(
  handler: CommandHandler<Options, Args>,
): (...received: unknown[]) => Promise<void> {
  return async (...received) => {
    const command = received.at(-1) as Command;
    const args = received.slice(0, -2) as Args;
    const options = optionsOf(command) as Options & CommonOptions;
    const output = createOutput({
      json: options.json === true,
      stderr: process.stderr,
      stdout: process.stdout,
    });
    process.exitCode = await runHandler(handler, { args, options, output });
  };
}

interface Invocation<Options, Args> {
  readonly args: Args;
  readonly options: Options & CommonOptions;
  readonly output: Output;
}

async function runHandler<Options, Args extends unknown[]>(
  handler: CommandHandler<Options, Args>,
  { args, options, output }: Invocation<Options, Args>,
): Promise<number> {
  const opened: Tenancy[] = [];
  const load = (): Promise<LoadedConfig> =>
    loadConfig(process.cwd(), options.config ?? (process.env[CONFIG_VARIABLE] || undefined));
  const openTenancy = async (): Promise<Tenancy> => {
    const { config } = await load();
    // Loaded here, so that `--help` and wrong usage answer at once.
    const { createTenancy } = await import("../tenancy/create-tenancy.ts");
    const logger = createLogger(output, { verbose: options.verbose === true });
    const tenancy = createTenancy({ ...config, importModule, logger });
    opened.push(tenancy);
    return tenancy;
  };
  let exitCode: number;
  try {
    exitCode = await handler({ loadConfig: load, openTenancy, options, output }, ...args);
  } catch (error) {
    await closeAll(opened).catch((failure: unknown) => {
      output.note(`Closing failed too: ${messageOf(failure)}`);
    });
    throw error;
  }
  await closeAll(opened);
  return exitCode;
}

async function closeAll(opened: readonly Tenancy[]): Promise<void> {
  for (const tenancy of opened) await tenancy.close();
}

/** Options of a command and of those above it; the one nearest to the command wins. */
function optionsOf(command: Command): Record<string, unknown> {
  const above = command.parent === null ? {} : optionsOf(command.parent);
  return { ...above, ...command.opts<Record<string, unknown>>() };
}
