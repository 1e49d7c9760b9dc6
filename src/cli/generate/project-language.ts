import { existsSync } from "node:fs";
import { join } from "node:path";
import { detectLanguage } from "../setup/detect-language.ts";
import type { LanguageFacts } from "../setup/facts.ts";
import { dependenciesOf, readManifest } from "../setup/manifest.ts";
import { createProjectFiles } from "../setup/project-files.ts";

/** What a project is written in, and with what it is tested. */
export interface ProjectLanguage extends Pick<
  LanguageFacts,
  "fileEnding" | "importEnding" | "isTypescript"
> {
  /** Whether there is a folder `src`. */
  readonly hasSource: boolean;
  /** The runner of its tests. */
  readonly runner: TestRunner;
}

/** Runners of tests that tests are generated for. */
export type TestRunner = "jest" | "node" | "vitest";

/**
 * Looks at a project's `package.json` and `tsconfig.json`.
 *
 * @param configFile - path of the configuration file, from the project's folder
 */
export function readProjectLanguage(root: string, configFile: string): ProjectLanguage {
  const files = createProjectFiles(root);
  const manifest = files.read("package.json") === undefined ? {} : readManifest(files);
  const dependencies = dependenciesOf(manifest);
  const facts = detectLanguage({
    dependencies,
    entry: configFile,
    files,
    framework: "none",
    manifest,
  });
  return {
    fileEnding: facts.fileEnding,
    hasSource: existsSync(join(root, "src")),
    importEnding: facts.importEnding,
    isTypescript: facts.isTypescript,
    runner: dependencies.has("vitest") ? "vitest" : dependencies.has("jest") ? "jest" : "node",
  };
}
