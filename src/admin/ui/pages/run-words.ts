import type { RunView } from "../../contract.ts";

const STOPPED: Readonly<Record<string, string>> = {
  canary: "A canary tenant failed, so the others were left alone.",
  error: "It broke off, such as by the loss of its database.",
  failures: "More tenants failed than were allowed, so it ended early.",
  signal: "It was stopped before its end.",
};

const OPTIONS: Readonly<Record<string, string>> = {
  all: "All migrations",
  canary: "Canary",
  concurrency: "At a time",
  except: "All but",
  maxFailures: "Failures allowed",
  only: "Only",
  perSecond: "Per second",
  phase: "Phase",
  state: "States",
  steps: "Steps",
  to: "Up to, and with",
  toExclusive: "Up to, without",
  verify: "Histories read",
};

const OF_SLUGS: ReadonlySet<string> = new Set(["canary", "except", "only"]);

/** Names a run: what it does, and to which version. */
export function runTitle({ latestVersion, verb }: Pick<RunView, "latestVersion" | "verb">): string {
  if (verb === "rollback") return "Roll back";
  return latestVersion === null ? "Migrate" : `Migrate to ${latestVersion}`;
}

/** Says why a run ended early; `null` if it did not. */
export function whyStopped({ state, stopped }: Pick<RunView, "state" | "stopped">): string | null {
  if (stopped !== null) return STOPPED[stopped] ?? `It ended early: ${stopped}.`;
  return state === "died" ? "Its process ended before it did, and said nothing more." : null;
}

/** Whether something of a run is left that another one could take up. */
export function isResumable(run: Pick<RunView, "resumedBy" | "state">): boolean {
  return (run.state === "failed" || run.state === "died") && run.resumedBy === null;
}

/** One option of a run. */
export interface RunOption {
  readonly label: string;
  readonly value: string;
  /** The tenants that it names, if it does. */
  readonly slugs: readonly string[] | null;
}

/** The options of a run, in words. */
export function runOptions(options: RunView["options"]): RunOption[] {
  return Object.entries(options)
    .filter(([, value]) => value !== null && value !== undefined && value !== false)
    .map(([key, value]) => ({
      label: OPTIONS[key] ?? key,
      slugs: OF_SLUGS.has(key) && Array.isArray(value) ? value.map(String) : null,
      value: optionText(value),
    }));
}

function optionText(value: unknown): string {
  if (value === true) return "yes";
  if (Array.isArray(value)) return value.map(String).join(", ");
  return typeof value === "string" ? value : JSON.stringify(value);
}
