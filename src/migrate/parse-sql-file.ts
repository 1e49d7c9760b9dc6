import type { MigrationPhase } from "../core/migrator.ts";
import { TenancyError } from "../errors/tenancy-error.ts";
import { isPhase } from "./phase.ts";

/** The parts of one SQL migration file. */
export interface SqlParts {
  /** Text that applies it, on the lines where the file has it. */
  readonly up: string;
  /** Text that undoes it. */
  readonly down: string | undefined;
  /** Whether it runs in a transaction. */
  readonly transaction: boolean;
  /** When it may run; `undefined` where it does not say so. */
  readonly phase: MigrationPhase | undefined;
}

const MARKER = /^[ \t]*--[ \t]*migrate:(\S+)(.*)$/;

/**
 * Reads the sections of a SQL file, `-- migrate:up` and `-- migrate:down`, and what it says of itself:
 * `-- migrate:no-transaction`, `-- migrate:phase contract`, or behind `up` on its line. A file without sections is all up. Lines of other sections become empty, so that line numbers stay.
 *
 * @throws TenancyError `MIGRATION_INVALID`
 */
export function parseSqlFile(text: string, file: string): SqlParts {
  const lines = text.split(/\r?\n/);
  const sections: Record<"up" | "down", string[]> = { down: [], up: [] };
  const seen = new Set<string>();
  let section: "up" | "down" = "up";
  let transaction = true;
  let phase: MigrationPhase | undefined;
  const setPhase = (index: number, value: string): void => {
    if (!isPhase(value)) throw invalid(file, index, UNKNOWN_PHASE);
    if (phase !== undefined) throw invalid(file, index, "a second phase");
    phase = value;
  };
  for (const [index, line] of lines.entries()) {
    const [, word, rest = ""] = MARKER.exec(line) ?? [];
    if (word === "up" || word === "down") {
      if (seen.has(word)) throw invalid(file, index, `a second section \`migrate:${word}\``);
      if (word === "up" && sections.up.some((before) => isCode(before))) {
        throw invalid(file, index, "statements before the section `migrate:up`");
      }
      seen.add(word);
      section = word;
      if (/\btransaction:\s*false\b/.test(rest)) transaction = false;
      const [, named] = /\bphase:\s*(\S*)/.exec(rest) ?? [];
      if (named !== undefined && word === "down") throw invalid(file, index, PHASE_OF_DOWN);
      if (named !== undefined) setPhase(index, named);
    } else if (word === "phase") setPhase(index, rest.trim());
    else if (word === "no-transaction") transaction = false;
    else if (word !== undefined)
      throw invalid(file, index, `an unknown marker \`migrate:${word}\``);
    const isMarker = word !== undefined;
    sections.up.push(isMarker || section !== "up" ? "" : line);
    sections.down.push(isMarker || section !== "down" ? "" : line);
  }
  return {
    down: seen.has("down") ? sections.down.join("\n") : undefined,
    phase,
    transaction,
    up: sections.up.join("\n"),
  };
}

const UNKNOWN_PHASE = "a phase that is neither `expand` nor `contract`";
const PHASE_OF_DOWN = "a phase on its section `migrate:down`, and only the other has one";

function isCode(line: string): boolean {
  return /^\s*(?!--)\S/.test(line);
}

function invalid(file: string, index: number, what: string): TenancyError {
  return new TenancyError("MIGRATION_INVALID", `The migration ${file}:${index + 1} has ${what}.`);
}
