import { type Command, Option } from "commander";
import { action, addCommonOptions, EXIT_OK } from "../../context.ts";
import { writeGenerated } from "../../generate/generated-file.ts";
import { readProjectLanguage, type TestRunner } from "../../generate/project-language.ts";
import { placesOf, showGenerated } from "../../generate/show.ts";
import { generateTest } from "../../generate/test.ts";

interface TestFlags {
  readonly folder?: string;
  readonly runner?: TestRunner;
}

/** Adds `kirayedar generate test`. */
export function addGenerateTest(generate: Command): void {
  const command = generate
    .command("test [name]")
    .summary("make a test of your tenants")
    .description(
      "Makes a test with a database of its own, and a proof that tenants see nothing of each other: " +
        "`test/tenants.test.ts`, if no name is given.",
    )
    .addOption(
      new Option("--runner <runner>", "what runs it (default: what package.json has)").choices([
        "vitest",
        "jest",
        "node",
      ]),
    )
    .option("--folder <folder>", "where to put it (default: test)")
    .action(
      action<TestFlags, [string | undefined]>(async ({ loadConfig, options, output }, name) => {
        const places = placesOf(await loadConfig());
        const language = readProjectLanguage(places.root, places.configFile);
        const made = generateTest({
          configFile: places.configFile,
          folder: options.folder,
          language,
          name: name ?? "tenants",
          runner: options.runner ?? language.runner,
        });
        showGenerated(output, made, writeGenerated(places.root, made.files));
        return EXIT_OK;
      }),
    );
  addCommonOptions(command);
}
