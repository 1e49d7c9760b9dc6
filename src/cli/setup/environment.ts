import { parseEnv } from "node:util";

/** Environment variables. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Returns the variables of a `.env` file. */
export function envVariables(text: string | undefined): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(parseEnv(text ?? "")).map(([name, value]) => [name, value ?? ""]),
  );
}
