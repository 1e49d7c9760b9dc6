import type { AuditView, Operation } from "../../contract.ts";

/** What was done, by the name of the operation. */
const ACTIONS: Readonly<Record<string, string>> = {
  "audit.prune": "Shortened the audit log",
  "fleet.migrate": "Migrated the fleet",
  "fleet.rollback": "Rolled the fleet back",
  "global.migrate": "Migrated the global schema",
  "global.rollback": "Rolled the global schema back",
  "tenant.adopt": "Adopted",
  "tenant.create": "Created",
  "tenant.drop": "Dropped",
  "tenant.maintenance": "Started maintenance",
  "tenant.migrate": "Migrated",
  "tenant.rename": "Renamed",
  "tenant.resume": "Resumed",
  "tenant.rollback": "Rolled back",
  "tenant.seed": "Seeded",
  "tenant.suspend": "Suspended",
  "tenant.update": "Changed",
};

/** What a `tenant.update` changed, by the detail that says so. */
const CHANGES: Readonly<Record<string, string>> = {
  addDomain: "Added a domain",
  claimDomain: "Claimed a domain",
  lapseDomain: "Gave a domain up",
  primaryDomain: "Made a domain primary",
  removeDomain: "Removed a domain",
  verifyDomain: "Verified a domain",
};

/** Every action that a filter offers. */
export const AUDITED_ACTIONS: readonly string[] = Object.keys(ACTIONS);

/** Says what an operation does; an unknown operation keeps its own name. */
export function actionWords(action: string): string {
  return ACTIONS[action] ?? action;
}

/** What an entry tells on one line. */
export interface EntryWords {
  /** What was done. */
  readonly title: string;
  /** With what; may be empty. */
  readonly line: string;
}

/** Says what was done, and with what. */
export function entryWords({ action, details }: Pick<AuditView, "action" | "details">): EntryWords {
  const key = Object.keys(details).find((name) => Object.hasOwn(CHANGES, name));
  const title = key === undefined ? undefined : CHANGES[key];
  if (action !== "tenant.update" || key === undefined || title === undefined) {
    return { line: detailLine(details), title: actionWords(action) };
  }
  const { [key]: what, ...rest } = details;
  const line = [valueText(what), detailLine(rest)].filter((text) => text !== "").join(", ");
  return { line, title };
}

/** How an entry stands, for people. */
export type Standing = "done" | "failed" | "running" | "unfinished";

// Longer than a tenant's change takes; a fleet run that takes longer is known by its operation.
const PATIENCE_MS = 60_000;

/**
 * Tells how an entry stands. One that has only begun is `running` while an operation of its kind is, or
 * while it is young; later nobody knows: its process may have died, or be another one than this.
 *
 * @param operations - those that this console knows of
 */
export function standingOf(
  entry: Pick<AuditView, "action" | "at" | "outcome" | "tenant">,
  operations: readonly Pick<Operation, "action" | "state" | "tenant">[],
  now: number,
): Standing {
  if (entry.outcome !== "begun") return entry.outcome;
  const isKnown = operations.some(
    ({ action, state, tenant }) =>
      state === "running" && action === entry.action && tenant === entry.tenant,
  );
  return isKnown || now - Date.parse(entry.at) < PATIENCE_MS ? "running" : "unfinished";
}

/** One detail of an entry, as text. */
export interface Detail {
  readonly label: string;
  readonly value: string;
}

/** What was recorded with an entry, in the order in which it was. */
export function detailsOf(details: AuditView["details"]): Detail[] {
  return Object.entries(details)
    .filter(([, value]) => value !== undefined && value !== null)
    .map(([key, value]) => ({ label: labelOf(key), value: valueText(value) }));
}

function detailLine(details: AuditView["details"]): string {
  return detailsOf(details)
    .map(({ label, value }) => `${label.toLowerCase()} ${value}`)
    .join(", ");
}

/** `schemaName` → `Schema name`. */
function labelOf(key: string): string {
  const words = key.replaceAll(/([a-z\d])([A-Z])/g, "$1 $2").toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function valueText(value: unknown): string {
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (Array.isArray(value)) return value.length === 0 ? "none" : value.map(valueText).join(", ");
  if (typeof value !== "object" || value === null) {
    return typeof value === "string" ? value : JSON.stringify(value);
  }
  return detailLine(value as AuditView["details"]) || "none";
}
