import { posix } from "node:path";
import { type Answers, type Engine, engineOf, type ProjectFacts } from "../facts.ts";
import { type ExampleNames, exampleNames, type TenantNames } from "../names.ts";

/** Where the files go that setup makes. */
export interface SetupPaths {
  /** The configuration. */
  readonly config: string;
  /** Makes the tenancy. */
  readonly tenancy: string;
  /** Types, tables or entities. */
  readonly models: string;
  /** The ORM over the tenancy. */
  readonly database: string;
  /** Makes the admin pages. */
  readonly admin: string;
}

/** What templates write with. */
export interface TemplateContext {
  readonly answers: Answers;
  readonly facts: ProjectFacts;
  readonly names: TenantNames;
  readonly example: ExampleNames;
  readonly engine: Engine;
  readonly paths: SetupPaths;
}

/** Puts together what templates write with. */
export function templateContext(
  answers: Answers,
  facts: ProjectFacts,
  names: TenantNames,
): TemplateContext {
  return {
    answers,
    engine: engineOf(answers.driver),
    example: exampleNames(names),
    facts,
    names,
    paths: pathsOf(facts, answers),
  };
}

function pathsOf(
  { config, language, sourceFolder }: ProjectFacts,
  { framework }: Answers,
): SetupPaths {
  const { fileEnding, isCompiled } = language;
  const folder = posix.join(sourceFolder, framework === "next" ? "lib" : "", "tenancy");
  // Beside the sources a file would be one of them: `dist/main.js` would become `dist/src/main.js`.
  const home = isCompiled && sourceFolder !== "" ? sourceFolder : "";
  return {
    admin: `${folder}/admin${fileEnding}`,
    config: config ?? posix.join(home, `kirayedar.config${fileEnding}`),
    database: `${folder}/database${fileEnding}`,
    models: `${folder}/models${fileEnding}`,
    tenancy: `${folder}/tenancy${fileEnding}`,
  };
}

/** Returns how one file imports another one. */
export function importPath(from: string, to: string, { language }: ProjectFacts): string {
  const path = posix.relative(posix.dirname(from), to);
  const named = path.replace(/\.ts$/, language.importEnding);
  return named.startsWith(".") ? named : `./${named}`;
}
