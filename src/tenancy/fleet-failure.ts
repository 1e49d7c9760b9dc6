import type { FleetRunTenant } from "../core/fleet-runs.ts";
import { describe } from "./operations.ts";

/** Characters that fit into the columns, on every engine. */
const LONGEST_CODE = 64;
const LONGEST_MESSAGE = 1_000;

/** Says of an error what may be written down: nothing that quotes values of rows. */
export function explainFailure(error: Error): Pick<FleetRunTenant, "code" | "message"> {
  const { code, file, line, reason, sqlState } = describe(error);
  const where = file === undefined ? [] : [[file, line].filter(Boolean).join(":")];
  const state = sqlState === undefined ? [] : [`SQLSTATE ${toText(sqlState)}`];
  const message = reason === undefined ? [...where, ...state].join(", ") : toText(reason);
  return {
    code: code === undefined ? null : storable(toText(code), LONGEST_CODE),
    message: message === "" ? null : storable(message, LONGEST_MESSAGE),
  };
}

/** PostgreSQL has no text with a NUL in it, or with half a character. */
function storable(text: string, longest: number): string {
  return text.slice(0, longest).replaceAll("\0", "").toWellFormed();
}

function toText(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
