import type { RunRequest } from "../../contract.ts";

/** What is typed into the form of a fleet run. */
export interface RunForm {
  readonly verb: "migrate" | "rollback";
  readonly canary: string;
  readonly only: string;
  readonly maxFailures: string;
  readonly concurrency: string;
  readonly perSecond: string;
  readonly steps: string;
  readonly confirm: string;
}

/** An empty form. */
export const EMPTY_RUN_FORM: RunForm = {
  canary: "",
  concurrency: "",
  confirm: "",
  maxFailures: "",
  only: "",
  perSecond: "",
  steps: "",
  verb: "migrate",
};

/** What is wrong with a form, by field. */
export type RunFormErrors = Partial<Record<keyof RunForm, string>>;

const BUDGET = /^(\d{1,9}|(?:\d{1,2}(?:\.\d+)?|100)%)$/;
// What `kirayedar` itself allows; the server has the last word.
const MOST_AT_ONCE = 1_000;

/** Reads a form: a request, or what is wrong with it. */
export function readRunForm(
  form: RunForm,
  how: { readonly dryRun: boolean },
): { readonly request: RunRequest } | { readonly errors: RunFormErrors } {
  const errors: RunFormErrors = {};
  const isRollback = form.verb === "rollback";
  const numbers = readNumbers(form, errors);
  const budget = form.maxFailures.replaceAll(/\s/g, "");
  if (budget !== "" && !BUDGET.test(budget)) {
    errors.maxFailures = "Give a number such as 10, or a share such as 5%.";
  }
  if (isRollback && !how.dryRun && form.confirm.trim() !== "rollback") {
    errors.confirm = "Type rollback to go on.";
  }
  if (Object.keys(errors).length > 0) return { errors };
  const [canary, only] = [readSlugs(form.canary), readSlugs(form.only)];
  return {
    request: {
      verb: form.verb,
      ...(canary.length > 0 && { canary }),
      ...(only.length > 0 && { only }),
      ...(budget !== "" && { maxFailures: readBudget(budget) }),
      ...numbers,
      ...(how.dryRun && { dryRun: true }),
      ...(isRollback && !how.dryRun && { confirm: "rollback" }),
    },
  };
}

/** Reads slugs that are separated by commas, spaces or line ends; each once. */
export function readSlugs(text: string): string[] {
  return [...new Set(text.split(/[\s,;]+/).filter((slug) => slug !== ""))];
}

function readNumbers(
  form: RunForm,
  errors: RunFormErrors,
): Pick<RunRequest, "concurrency" | "perSecond" | "steps"> {
  const read = (field: "concurrency" | "perSecond" | "steps", most?: number): object => {
    const text = form[field].trim();
    // A form that was switched from one verb to the other keeps what was typed for both.
    if (text === "" || (field === "steps" && form.verb === "migrate")) return {};
    const value = Number(text);
    const isRight =
      field === "perSecond" ? value > 0 && Number.isFinite(value) : Number.isSafeInteger(value);
    if (!isRight || value <= 0 || (most !== undefined && value > most)) {
      errors[field] =
        field === "perSecond"
          ? "Give a number above 0."
          : `Give a whole number from 1${most === undefined ? "" : ` to ${most.toLocaleString("en")}`}.`;
    }
    return { [field]: value };
  };
  return { ...read("concurrency", MOST_AT_ONCE), ...read("perSecond"), ...read("steps") };
}

function readBudget(text: string): NonNullable<RunRequest["maxFailures"]> {
  return text.endsWith("%") ? `${Number(text.slice(0, -1))}%` : Number(text);
}
