import type { MigrationPhase } from "../core/migrator.ts";
import { TenancyError } from "../errors/tenancy-error.ts";

/** The phase of what names none: most migrations add, and what takes something away is marked. */
export const DEFAULT_PHASE: MigrationPhase = "expand";

/** Whether a value is the name of a phase. */
export function isPhase(value: unknown): value is MigrationPhase {
  return value === "expand" || value === "contract";
}

/** Returns the phase that a module or an object names. @throws TenancyError `MIGRATION_INVALID` */
export function phaseOf(value: unknown, file: string): MigrationPhase {
  if (value === undefined) return DEFAULT_PHASE;
  if (isPhase(value)) return value;
  throw new TenancyError(
    "MIGRATION_INVALID",
    `The migration ${file} has a phase that is neither \`expand\` nor \`contract\`.`,
  );
}
