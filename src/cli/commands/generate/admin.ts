import { existsSync } from "node:fs";
import { join } from "node:path";
import { type Command, Option } from "commander";
import { action, addCommonOptions, EXIT_OK } from "../../context.ts";
import { ADMIN_FRAMEWORKS, type AdminFramework, generateAdmin } from "../../generate/admin.ts";
import { ejectedPages } from "../../generate/eject-pages.ts";
import { type Generated, writeGenerated } from "../../generate/generated-file.ts";
import { readProjectLanguage } from "../../generate/project-language.ts";
import { placesOf, showGenerated } from "../../generate/show.ts";
import { detectFramework } from "../../setup/detect-stack.ts";
import { dependenciesOf, readManifest } from "../../setup/manifest.ts";
import { createProjectFiles } from "../../setup/project-files.ts";
import { usageError } from "../../usage-error.ts";

interface AdminFlags {
  readonly eject?: boolean;
  readonly framework?: AdminFramework;
  readonly pages: string;
}

/** Adds `kirayedar generate admin`. */
export function addGenerateAdmin(generate: Command): void {
  const command = generate
    .command("admin")
    .summary("make the mount of the admin console")
    .description(
      "Makes the mount of the admin console for the project's framework, with a function that says who may " +
        "come in: nobody, until you fill it in.",
    )
    .addOption(
      new Option(
        "--framework <framework>",
        "what serves requests (default: what package.json has)",
      ).choices(ADMIN_FRAMEWORKS),
    )
    .option("--eject", "also the source of the pages, to change them")
    .option("--pages <folder>", "with --eject: where to put it", "admin-pages")
    .action(
      action<AdminFlags, []>(async ({ loadConfig, options, output }) => {
        const { configFile, root } = placesOf(await loadConfig());
        const pages = options.eject === true ? options.pages.replace(/\/+$/, "") : undefined;
        const mount = generateAdmin({
          framework: options.framework ?? frameworkOf(root),
          language: readProjectLanguage(root, configFile),
          pages,
        });
        const made = pages === undefined ? mount : withPages(mount, pages);
        refuseExisting(root, made);
        const paths = writeGenerated(root, made.files);
        showGenerated(output, pages === undefined ? made : summarised(made, mount, pages), paths);
        return EXIT_OK;
      }),
    );
  addCommonOptions(command);
}

function frameworkOf(root: string): AdminFramework {
  const files = createProjectFiles(root);
  if (files.read("package.json") === undefined) return "node";
  const { name, other } = detectFramework(dependenciesOf(readManifest(files)));
  return ADMIN_FRAMEWORKS.find((known) => known === name || known === other) ?? "node";
}

function withPages({ additions, files }: Generated, pages: string): Generated {
  return {
    additions: [
      ...additions,
      { text: `cd ${pages} && npm install && npm run build`, where: "shell" },
    ],
    files: [...files, ...ejectedPages(pages)],
  };
}

/** Checked before the first is written: half of the pages are of no use. */
function refuseExisting(root: string, { files }: Generated): void {
  const existing = files.find(({ file }) => existsSync(join(root, file)));
  if (existing === undefined) return;
  throw usageError(`The file ${existing.file} is there already; nothing was written.`);
}

/** A hundred lines of files would hide what is left to be done. */
function summarised(made: Generated, mount: Generated, pages: string): Generated {
  return { ...made, files: [...mount.files, { file: `${pages}/`, text: "" }] };
}
