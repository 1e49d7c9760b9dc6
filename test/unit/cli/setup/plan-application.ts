import { answerAll, type GivenAnswers } from "../../../../src/cli/setup/ask.ts";
import { detectProject } from "../../../../src/cli/setup/detect.ts";
import type { Answers } from "../../../../src/cli/setup/facts.ts";
import { parseTenantName } from "../../../../src/cli/setup/names.ts";
import { type Plan, planSetup } from "../../../../src/cli/setup/plan.ts";
import { previousAnswers } from "../../../../src/cli/setup/previous.ts";
import {
  type TemplateContext,
  templateContext,
} from "../../../../src/cli/setup/templates/context.ts";
import { memoryFiles } from "./memory-files.ts";

/** The files of an application, by path. */
export type Texts = Readonly<Record<string, string>>;

/** A plan, and what it was made from. */
export interface Planned {
  readonly context: TemplateContext;
  readonly plan: Plan;
}

/** Plans with defaults for all that is not given. */
export async function planApplication(
  texts: Texts,
  given: GivenAnswers = {},
  day = 1,
): Promise<Planned> {
  const files = memoryFiles(texts);
  const facts = detectProject(files, {});
  const config = facts.config === undefined ? undefined : texts[facts.config];
  const before = config === undefined ? undefined : previousAnswers(config);
  const answers = await answerAll({ facts, given, previous: before ?? {}, takesDefaults: true });
  const contextOf = (own: Answers): TemplateContext => {
    const names = parseTenantName(own.tenantName);
    if (typeof names === "string") throw new Error(names);
    return templateContext(own, facts, names);
  };
  const context = contextOf(answers);
  const plan = planSetup({
    context,
    files,
    now: new Date(Date.UTC(2026, 0, day)),
    previous: before === undefined ? undefined : contextOf({ ...answers, ...before }),
  });
  return { context, plan };
}

/** Returns the files as they are after a plan. */
export function applied(texts: Texts, { files }: Plan): Texts {
  return {
    ...texts,
    ...Object.fromEntries(
      files.filter(({ action }) => action !== "keep").map(({ after, path }) => [path, after]),
    ),
  };
}
