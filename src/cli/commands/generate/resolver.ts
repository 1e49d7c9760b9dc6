import type { Command } from "commander";
import { action, addCommonOptions, EXIT_OK } from "../../context.ts";
import { writeGenerated } from "../../generate/generated-file.ts";
import { readProjectLanguage } from "../../generate/project-language.ts";
import { generateResolver } from "../../generate/resolver.ts";
import { placesOf, showGenerated } from "../../generate/show.ts";

interface ResolverFlags {
  readonly folder?: string;
}

/** Adds `kirayedar generate resolver`. */
export function addGenerateResolver(generate: Command): void {
  const command = generate
    .command("resolver <name>")
    .summary("make a resolver: a way in which requests name their tenant")
    .description(
      "Makes a module with a resolver, which finds out from a request which tenant it is for.",
    )
    .option("--folder <folder>", "where to put it (default: src/resolvers, or resolvers)")
    .action(
      action<ResolverFlags, [string]>(async ({ loadConfig, options, output }, name) => {
        const loaded = await loadConfig();
        const places = placesOf(loaded);
        const made = generateResolver({
          configFile: places.configFile,
          folder: options.folder,
          hasResolvers: loaded.config.resolvers !== undefined,
          language: readProjectLanguage(places.root, places.configFile),
          name,
        });
        showGenerated(output, made, writeGenerated(places.root, made.files));
        return EXIT_OK;
      }),
    );
  addCommonOptions(command);
}
