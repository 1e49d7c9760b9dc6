import { relative, resolve } from "node:path";
import { type Command, Option } from "commander";
import type { MigrationPhase } from "../../../core/migrator.ts";
import { TenancyError } from "../../../errors/tenancy-error.ts";
import type { LoadedConfig } from "../../config.ts";
import { action, addCommonOptions, EXIT_OK } from "../../context.ts";
import { phaseOption } from "../../targets.ts";

interface GenerateFlags {
  readonly global?: boolean;
  readonly kind: "sql" | "ts";
  readonly phase?: MigrationPhase;
}

/** Adds `kirayedar generate migration`. */
export function addGenerateMigration(generate: Command): void {
  const migration = generate
    .command("migration <name>")
    .summary("make a new migration file")
    .description("Makes a new migration file in the folder of the tenants' migrations.")
    .option("--global", "in the folder of the global migrations")
    .addOption(new Option("--kind <kind>", "of file").choices(["sql", "ts"]).default("sql"))
    .addOption(phaseOption("mark it as one that does so"))
    .action(
      action<GenerateFlags, [string]>(async ({ loadConfig, options, output }, name) => {
        const folder = migrationFolder(await loadConfig(), options.global === true);
        const { generateMigration } = await import("../../../migrate/generate-migration.ts");
        const { kind, phase } = options;
        const made = await generateMigration({ folder, kind, name, now: new Date(), phase });
        const shown = relative(process.cwd(), made.file);
        output.result(made, () => `${output.style.green("✓")} Made ${shown}.`);
        return EXIT_OK;
      }),
    );
  addCommonOptions(migration);
}

function migrationFolder({ config, rootDir }: LoadedConfig, isGlobal: boolean): string {
  const set = isGlobal ? "global" : "tenant";
  const source = config.migrations?.[set] ?? `migrations/${set}`;
  if (typeof source === "string") return resolve(rootDir, source);
  if ("tool" in source) {
    throw new TenancyError(
      "INVALID_CONFIG",
      `The ${set} migrations are written by ${source.tool} itself.`,
      { remedy: "Make the migration with its own tool; the folder stays as it is." },
    );
  }
  throw new TenancyError("INVALID_CONFIG", `The ${set} migrations are not in a folder.`, {
    remedy: `Set \`migrations.${set}\` to a folder, or add the migration to your own list.`,
  });
}
