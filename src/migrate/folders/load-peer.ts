import { TenancyError } from "../../errors/tenancy-error.ts";

/**
 * Loads a library that the application has, unless it was given.
 *
 * @throws TenancyError `UNSUPPORTED_PEER`
 */
export async function loadPeer<T>(name: string, option: string, given: T | undefined): Promise<T> {
  if (given !== undefined) return given;
  try {
    return (await import(name)) as T;
  } catch (cause) {
    throw new TenancyError(
      "UNSUPPORTED_PEER",
      `Migrations of ${name} are to be run, and it cannot be loaded.`,
      { cause, remedy: `Install it, or pass it as the option \`${option}\`.` },
    );
  }
}
