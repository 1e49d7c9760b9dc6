import { type Command, Option } from "commander";
import type { Actor } from "../core/audit.ts";
import type { Tenancy } from "../core/tenancy.ts";
import { actorOf } from "./actor.ts";
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
  /** On whose behalf something is changed, as the audit log tells it. */
  readonly as?: string;
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

/** Heading of the options that every command takes. */
const COMMON = "Common options:";

const AS = ["--as <person>", "who changes something, for the audit log"] as const;

/** Adds the options that every command takes. */
export function addCommonOptions(command: Command): Command {
  // One command has an option of its own by that name.
  const isFree = command.options.every(({ long }) => long !== "--as");
  if (isFree) command.addOption(new Option(...AS).helpGroup(COMMON));
  return command
    .addOption(new Option("--config <file>", "configuration file").helpGroup(COMMON))
    .addOption(new Option("--json", "print one JSON document").helpGroup(COMMON))
    .addOption(
      new Option("--verbose", "show log lines, stack traces and causes").helpGroup(COMMON),
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
    const actor = actorOf(personOf(command), process.env);
    process.exitCode = await runHandler(handler, { actor, args, options, output });
  };
}

interface Invocation<Options, Args> {
  readonly actor: Actor;
  readonly args: Args;
  readonly options: Options & CommonOptions;
  readonly output: Output;
}

async function runHandler<Options, Args extends unknown[]>(
  handler: CommandHandler<Options, Args>,
  { actor, args, options, output }: Invocation<Options, Args>,
): Promise<number> {
  const opened: Tenancy[] = [];
  const load = (): Promise<LoadedConfig> =>
    loadConfig(process.cwd(), options.config ?? (process.env[CONFIG_VARIABLE] || undefined));
  const openTenancy = async (): Promise<Tenancy> => {
    const { config } = await load();
    // Loaded here, so that `--help` and wrong usage answer at once.
    const { createTenancyAs } = await import("../tenancy/create-tenancy.ts");
    const logger = createLogger(output, { verbose: options.verbose === true });
    const tenancy = createTenancyAs({ ...config, importModule, logger }, actor);
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

/** Who is named by `--as`, of the command itself or before it. */
function personOf(command: Command): string | undefined {
  const option = command.options.find(({ long }) => long === "--as");
  const isCommon = option?.helpGroupHeading === COMMON;
  const named: unknown = isCommon ? command.opts()["as"] : undefined;
  if (typeof named === "string") return named;
  return command.parent === null ? undefined : personOf(command.parent);
}

/** Options of a command and of those above it; the one nearest to the command wins. */
function optionsOf(command: Command): Record<string, unknown> {
  const above = command.parent === null ? {} : optionsOf(command.parent);
  return { ...above, ...command.opts<Record<string, unknown>>() };
}
