import { CommanderError } from "commander";

/** Exit code of wrong usage. */
export const EXIT_USAGE = 2;

/** Returns the error of a command line that makes no sense; ends the program with exit code 2. */
export function usageError(message: string): CommanderError {
  return new CommanderError(EXIT_USAGE, "kirayedar.usage", message);
}
