import { planAdmin } from "./plan-admin.ts";
import { insertScripts, planEntry, planEnvironment, planPrisma } from "./plan-changes.ts";
import type { ProjectFiles } from "./project-files.ts";
import type { TemplateContext } from "./templates/context.ts";
import { ownFiles } from "./own-files.ts";

/** What becomes of one file. */
export type FileAction =
  /** Is not there, and is made. */
  | "create"
  /** Gets lines beside those that it has. */
  | "change"
  /** Is there, and differs as a whole: nothing happens to it without a question. */
  | "replace"
  /** Is there, and stays as it is. */
  | "keep";

/** One file of a plan. */
export interface PlannedFile {
  /** Path from the application's root. */
  readonly path: string;
  /** What it is, for people. */
  readonly what: string;
  /** What becomes of it. */
  readonly action: FileAction;
  /** What is in it now. */
  readonly before?: string;
  /** What will be in it. */
  readonly after: string;
  /** Whether it holds passwords, so that it is not shown. */
  readonly isSecret?: boolean;
}

/** Lines that a person has to put in. */
export interface ByHand {
  /** What they do, and where they belong. */
  readonly what: string;
  /** The lines. */
  readonly text: string;
}

/** Everything that setup does, before it does any of it. */
export interface Plan {
  readonly files: readonly PlannedFile[];
  readonly byHand: readonly ByHand[];
}

/** What a plan is made from. */
export interface Planning {
  readonly context: TemplateContext;
  /** The same with the answers of an earlier run, where there was one. */
  readonly previous?: TemplateContext | undefined;
  readonly files: ProjectFiles;
  /** Time of a migration's version, which is in UTC. */
  readonly now: Date;
}

/**
 * Plans all changes, and makes none. What is there already stays: a file that an earlier run has
 * made, and that the same answers would make again, is the application's own by now.
 */
export function planSetup(planning: Planning): Plan {
  const { context, files, previous } = planning;
  // Before anything that is planned by another name: it tells of one that does not fit.
  const planned = ownFiles(planning, context.facts.config !== undefined && previous === undefined);
  const before = new Map(
    previous === undefined
      ? []
      : ownFiles({ ...planning, context: previous }).map(({ path, text }) => [path, text]),
  );
  const own = planned.map(({ path, text, what }): PlannedFile => {
    const there = files.read(path);
    if (there === undefined) return { action: "create", after: text, path, what };
    const isSettled = there === text || before.get(path) === text;
    return { action: isSettled ? "keep" : "replace", after: text, before: there, path, what };
  });
  const entry = planAdmin(planning, planEntry(planning));
  const prisma = planPrisma(planning);
  return {
    byHand: [...prisma.byHand, ...entry.byHand],
    files: [
      ...own,
      ...prisma.files,
      ...entry.files,
      insertScripts(planning),
      ...planEnvironment(planning),
    ],
  };
}
