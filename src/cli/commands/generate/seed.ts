import { type Command, Option } from "commander";
import { action, addCommonOptions, EXIT_OK } from "../../context.ts";
import { writeGenerated } from "../../generate/generated-file.ts";
import { readProjectLanguage } from "../../generate/project-language.ts";
import { generateSeed, type SeedKind } from "../../generate/seed.ts";
import { placesOf, showGenerated } from "../../generate/show.ts";

interface SeedFlags {
  readonly kind: SeedKind;
}

/** Adds `kirayedar generate seed`. */
export function addGenerateSeed(generate: Command): void {
  const command = generate
    .command("seed [name]")
    .summary("make a file that fills a tenant")
    .description("Makes a file that fills a tenant: `seeds/tenant.sql`, if no name is given.")
    .addOption(new Option("--kind <kind>", "of file").choices(["sql", "ts"]).default("sql"))
    .action(
      action<SeedFlags, [string | undefined]>(async ({ loadConfig, options, output }, name) => {
        const loaded = await loadConfig();
        const places = placesOf(loaded);
        const made = generateSeed({
          engine: loaded.config.database.dialect.name,
          isFirst: loaded.config.seed === undefined,
          kind: options.kind,
          language: readProjectLanguage(places.root, places.configFile),
          name: name ?? "tenant",
        });
        showGenerated(output, made, writeGenerated(loaded.rootDir, made.files));
        return EXIT_OK;
      }),
    );
  addCommonOptions(command);
}
