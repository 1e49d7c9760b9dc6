import { isatty } from "node:tty";
import { CommanderError } from "commander";
import { EXIT_INTERRUPTED } from "./interrupt.ts";
import { usageError } from "./usage-error.ts";

/** Code of the error that ends a command whose question was not answered with yes. */
export const NOT_CONFIRMED = "kirayedar.not-confirmed";

/** What a person is asked before something cannot be undone. */
export interface Confirmation {
  /** What would happen, as a question or a request to type `answer`. */
  readonly message: string;
  /** Text that has to be typed; absent for yes or no. */
  readonly answer?: string;
}

/** Whether questions can be asked: both ends are a terminal. */
export function canAsk(): boolean {
  return isatty(0) && isatty(2);
}

/**
 * Refuses a destructive command that nobody could be asked about. To be called before any I/O.
 *
 * @throws CommanderError with exit code 2
 */
export function requireConfirmable(command: string, options: { readonly yes?: boolean }): void {
  if (options.yes === true || canAsk()) return;
  throw usageError(
    `\`${command}\` cannot be undone, and there is no terminal to ask for confirmation. ` +
      "Pass `--yes` if you are sure.",
  );
}

/**
 * Asks on standard error; resolves when the answer was yes.
 *
 * @throws CommanderError when it was not, or Ctrl-C was pressed
 */
export async function confirm(confirmation: Confirmation): Promise<void> {
  const prompts = await import("@clack/prompts");
  const { answer, message } = confirmation;
  const output = process.stderr;
  const reply =
    answer === undefined
      ? await prompts.confirm({ initialValue: false, message, output })
      : await prompts.text({
          message,
          output,
          validate: (value) => (value === answer ? undefined : `Type ${answer}, or press Ctrl-C.`),
        });
  if (prompts.isCancel(reply)) {
    throw new CommanderError(EXIT_INTERRUPTED, NOT_CONFIRMED, "Nothing was changed.");
  }
  if (reply === false) throw new CommanderError(1, NOT_CONFIRMED, "Nothing was changed.");
}
