import { CommanderError } from "commander";
import { NOT_CONFIRMED } from "../confirm.ts";
import { EXIT_INTERRUPTED } from "../interrupt.ts";
import { usageError } from "../usage-error.ts";
import type { Answers, ProjectFacts } from "./facts.ts";
import { type Asking, type Question, QUESTIONS } from "./questions.ts";

/** What was given on the command line, by the names of the answers. */
export type GivenAnswers = Readonly<Partial<Record<keyof Answers, string | boolean>>>;

/** Asks a person one question; resolves with the answer. */
export type Ask = (
  question: Question,
  asking: Asking,
  initial: string | boolean,
) => Promise<string | boolean>;

/** How questions are answered. */
export interface Answering {
  readonly facts: ProjectFacts;
  readonly given: GivenAnswers;
  /** Answers of an earlier run. */
  readonly previous: Partial<Answers>;
  /** Asks a person; the defaults are taken where nobody can be asked. */
  readonly ask?: Ask | undefined;
  /** Whether the defaults are taken for all that was not given. */
  readonly takesDefaults: boolean;
}

/**
 * Answers every question: by its flag, by asking, or by its default.
 *
 * @throws CommanderError with exit code 2 for an answer that cannot be one, and for flags that are
 *   missing where nobody can be asked
 */
export async function answerAll(answering: Answering): Promise<Answers> {
  const { ask, facts, given, takesDefaults } = answering;
  const answers: Partial<Record<keyof Answers, string | boolean>> = {};
  const missing: string[] = [];
  for (const question of QUESTIONS) {
    const asking: Asking = { answers: answers as Partial<Answers>, facts };
    const initial = initialOf(question, asking, answering);
    const flag = given[question.key];
    const isOpen = flag === undefined && question.isAsked?.(asking) !== false;
    if (flag !== undefined) answers[question.key] = readFlag(question, asking, flag);
    else if (isOpen && !takesDefaults && ask !== undefined) {
      answers[question.key] = clean(question, await ask(question, asking, initial));
    } else answers[question.key] = takesDefaults ? readFlag(question, asking, initial) : initial;
    if (isOpen && !takesDefaults && ask === undefined) missing.push(describe(question, initial));
  }
  if (missing.length > 0) throw missingFlags(missing);
  return answers as unknown as Answers;
}

function initialOf(question: Question, asking: Asking, { previous }: Answering): string | boolean {
  const before = previous[question.key];
  const isFitting =
    before !== undefined &&
    (typeof before === "boolean" || refusalOf(question, asking, before) === undefined);
  return isFitting ? before : question.defaultOf(asking);
}

function readFlag(question: Question, asking: Asking, flag: string | boolean): string | boolean {
  const value = clean(question, flag);
  const refusal = typeof value === "string" ? refusalOf(question, asking, value) : undefined;
  if (refusal !== undefined) throw usageError(`\`${question.flag}\`: ${refusal}`);
  return value;
}

/** Brings an answer into the form that is used. */
export function clean(question: Question, value: string | boolean): string | boolean {
  if (typeof value === "boolean") return value;
  return question.clean?.(value.trim()) ?? value.trim();
}

/** Returns what is wrong with an answer. */
export function refusalOf(question: Question, asking: Asking, value: string): string | undefined {
  const choices = question.choices?.(asking).map((choice) => choice.value);
  const refusal = question.check?.(value, asking);
  if (refusal !== undefined || choices === undefined || choices.includes(value)) return refusal;
  return `${JSON.stringify(value)} is none of ${choices.join(", ")}.`;
}

function describe({ flag, isYesOrNo, prompt }: Question, initial: string | boolean): string {
  const shown = isYesOrNo === true ? `${flag} or ${flag.replace("--", "--no-")}` : flag;
  const value = typeof initial === "boolean" ? (initial ? "yes" : "no") : initial || "none";
  return `  ${shown.padEnd(24)}  ${prompt} (default: ${value})`;
}

function missingFlags(missing: readonly string[]): CommanderError {
  return usageError(
    [
      "There is no terminal to ask on. Pass `--yes` to take the defaults, or these flags:",
      ...missing,
    ].join("\n"),
  );
}

/** Makes what asks on the terminal; Ctrl-C ends the command. */
export async function createAsk(): Promise<Ask> {
  const prompts = await import("@clack/prompts");
  const output = process.stderr;
  return async (question, asking, initial) => {
    const found = question.foundIn?.(asking);
    const message = found === undefined ? question.prompt : `${question.prompt} Found in ${found}.`;
    let reply: string | boolean | symbol;
    if (typeof initial === "boolean") {
      reply = await prompts.confirm({ initialValue: initial, message, output });
    } else if (question.choices !== undefined) {
      const options = [...question.choices(asking)];
      reply = await prompts.select({ initialValue: initial, message, options, output });
    } else {
      const validate = (value = ""): string | undefined =>
        refusalOf(question, asking, String(clean(question, value)));
      reply = await prompts.text({ initialValue: initial, message, output, validate });
    }
    if (typeof reply === "symbol") throw interrupted();
    // Nothing typed comes back as nothing at all.
    return reply ?? "";
  };
}

/** The error of a wizard that was left. */
export function interrupted(): CommanderError {
  return new CommanderError(EXIT_INTERRUPTED, NOT_CONFIRMED, "Nothing was changed.");
}
