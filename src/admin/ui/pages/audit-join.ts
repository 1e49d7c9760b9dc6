import type { AuditList, AuditView } from "../../contract.ts";

/** Entries that were read: a piece of the log without gaps, from its newest entry on. */
export interface ReadEntries {
  /** What they were read with, such as filters. */
  readonly from: string;
  /** The newest first. */
  readonly entries: readonly AuditView[];
  /** Leads to those that are older; `null` after the last. */
  readonly nextCursor: string | null;
}

/**
 * Puts the newest page, read anew, in front of what was read before. Where more has happened between the
 * two than a page holds, what was read before is given up, as there would be a gap.
 */
export function joinNewest(before: ReadEntries | null, from: string, page: AuditList): ReadEntries {
  const alone = { entries: page.entries, from, nextCursor: page.nextCursor };
  const last = page.entries.at(-1);
  if (before?.from !== from || page.nextCursor === null || last === undefined) return alone;
  const at = before.entries.findIndex(({ id }) => id === last.id);
  if (at === -1) return alone;
  return { ...before, entries: [...page.entries, ...before.entries.slice(at + 1)] };
}

/** Puts older entries behind those that were read. */
export function joinOlder(before: ReadEntries, page: AuditList): ReadEntries {
  const known = new Set(before.entries.map(({ id }) => id));
  const older = page.entries.filter(({ id }) => !known.has(id));
  return { ...before, entries: [...before.entries, ...older], nextCursor: page.nextCursor };
}
