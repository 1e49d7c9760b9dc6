import { CommanderError } from "commander";
import { canAsk, NOT_CONFIRMED } from "../confirm.ts";
import type { Output } from "../output.ts";
import { usageError } from "../usage-error.ts";
import { applyPlan } from "./apply.ts";
import { answerAll, createAsk, type GivenAnswers, interrupted } from "./ask.ts";
import { detectProject } from "./detect.ts";
import type { Answers, ProjectFacts } from "./facts.ts";
import { parseTenantName } from "./names.ts";
import { type NextStep, nextSteps } from "./next-steps.ts";
import { type Plan, planSetup } from "./plan.ts";
import { previousAnswers } from "./previous.ts";
import { createProjectFiles } from "./project-files.ts";
import { formatNewFiles, formatPlan, summarize } from "./show.ts";
import { type TemplateContext, templateContext } from "./templates/context.ts";

/** How setup is run. */
export interface SetupOptions {
  /** Absolute path of the application's folder. */
  readonly root: string;
  readonly given: GivenAnswers;
  /** Whether the defaults are taken for all that was not given, and nobody is asked. */
  readonly yes: boolean;
  /** What becomes of files that are there and differ; asked where it is missing. */
  readonly existing?: "keep" | "replace" | undefined;
  readonly dryRun: boolean;
  readonly output: Output;
}

/** What setup has done, or would do. */
export interface SetupResult {
  readonly answers: Answers;
  readonly plan: Plan;
  readonly steps: readonly NextStep[];
  /** Whether everything was there already. */
  readonly isDone: boolean;
}

/** Asks, plans, shows, asks again, and writes. */
export async function runSetup(options: SetupOptions): Promise<SetupResult> {
  const { dryRun, output, root, yes } = options;
  const files = createProjectFiles(root);
  const facts = detectProject(files, process.env);
  const config = facts.config === undefined ? undefined : files.read(facts.config);
  const before = config === undefined ? undefined : previousAnswers(config);
  const isAsking = !yes && canAsk();
  const answers = await answerAll({
    ask: isAsking ? await createAsk() : undefined,
    facts,
    given: options.given,
    previous: before ?? {},
    takesDefaults: yes,
  });
  const context = contextOf(answers, facts);
  const previous =
    before === undefined
      ? undefined
      : // The address is in no file that is written as a whole.
        contextOf({ ...answers, ...before }, facts);
  const plan = planSetup({ context, files, now: new Date(), previous });
  const isDone = plan.files.every(({ action }) => action === "keep");
  const steps = nextSteps(context, plan);
  if (isDone || dryRun) return { answers, isDone, plan, steps };
  output.note(`${formatPlan(plan, output.noteStyle)}\n`);
  const settled = await settleExisting(plan, { ...options, isAsking });
  if (isAsking) await confirmPlan(settled, output);
  await applyPlan(root, settled.files);
  return { answers, isDone: false, plan: settled, steps };
}

function contextOf(answers: Answers, facts: ProjectFacts): TemplateContext {
  const names = parseTenantName(answers.tenantName);
  if (typeof names === "string") throw usageError(names);
  return templateContext(answers, facts, names);
}

/** Decides about files that are there and differ: by a flag, or by asking about each. */
async function settleExisting(
  plan: Plan,
  { existing, isAsking }: SetupOptions & { readonly isAsking: boolean },
): Promise<Plan> {
  const differing = plan.files.filter(({ action }) => action === "replace");
  if (differing.length === 0 || existing === "replace") return plan;
  const kept = new Set<string>();
  if (existing === "keep") for (const { path } of differing) kept.add(path);
  else if (!isAsking) {
    const list = differing.map(({ path }) => `  ${path}`).join("\n");
    throw usageError(
      `These files are there, and differ from what would be written:\n${list}\nPass \`--force\` to replace them, or \`--keep\` to leave them as they are. Nothing was changed.`,
    );
  } else {
    const prompts = await import("@clack/prompts");
    for (const { path } of differing) {
      const reply = await prompts.confirm({
        initialValue: false,
        message: `Replace ${path}, which differs as shown above?`,
        output: process.stderr,
      });
      if (prompts.isCancel(reply)) throw interrupted();
      if (!reply) kept.add(path);
    }
  }
  return {
    ...plan,
    files: plan.files.map((file) => (kept.has(file.path) ? { ...file, action: "keep" } : file)),
  };
}

async function confirmPlan(plan: Plan, output: Output): Promise<void> {
  const prompts = await import("@clack/prompts");
  for (;;) {
    const reply = await prompts.select({
      message: `Write ${summarize(plan)}?`,
      options: [
        { label: "Write them", value: "write" },
        { label: "Show me the new files first", value: "show" },
        { label: "Stop, and change nothing", value: "stop" },
      ],
      output: process.stderr,
    });
    if (prompts.isCancel(reply)) throw interrupted();
    if (reply === "write") return;
    if (reply === "stop") throw new CommanderError(1, NOT_CONFIRMED, "Nothing was changed.");
    output.note(`${formatNewFiles(plan, output.noteStyle)}\n`);
  }
}
