import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { MigrationPhase } from "../core/migrator.ts";
import { TenancyError } from "../errors/tenancy-error.ts";

/** What to generate. */
export interface GenerateMigrationOptions {
  /** Folder to write into; made if it is missing. */
  readonly folder: string;
  /** What the migration does, such as `"create posts"`; becomes `create_posts`. */
  readonly name: string;
  /** Kind of file. */
  readonly kind: "sql" | "ts" | "js";
  /** Time of its version, which is in UTC. */
  readonly now: Date;
  /** When it may run; nothing is written of it when absent. */
  readonly phase?: MigrationPhase | undefined;
}

const SQL = "-- migrate:up\n\n\n-- migrate:down\n\n";
const JAVASCRIPT =
  'export async function up(db) {\n  await db.query("");\n}\n\nexport async function down(db) {\n  await db.query("");\n}\n';
const TYPESCRIPT =
  'import type { MigrationContext } from "kirayedar";\n\n' +
  JAVASCRIPT.replaceAll("(db)", "(db: MigrationContext): Promise<void>");
const TEMPLATES = { js: JAVASCRIPT, sql: SQL, ts: TYPESCRIPT };

/**
 * Writes a new, empty migration file, with a version later than every other in its folder.
 *
 * @returns its path, and its version
 * @throws TenancyError `MIGRATION_INVALID` for a name that cannot be one
 */
export async function generateMigration(
  options: GenerateMigrationOptions,
): Promise<{ readonly file: string; readonly version: string }> {
  const { folder, kind, now } = options;
  const name = toFileName(options.name);
  await mkdir(folder, { recursive: true });
  const names = await readdir(folder);
  const twin = names.find((file) => file.replace(/^\d+[_-]|\..*$/g, "") === name);
  if (twin !== undefined) {
    throw new TenancyError(
      "MIGRATION_INVALID",
      `The folder ${folder} has a migration of that name: ${twin}.`,
      { remedy: "Choose another name." },
    );
  }
  const taken = new Set(names.map((file) => /^\d+/.exec(file)?.[0]));
  for (let time = now.getTime(); ; time += 1_000) {
    const version = new Date(time).toISOString().replace(/\D/g, "").slice(0, 14);
    if (taken.has(version)) continue;
    const file = join(folder, `${version}_${name}.${kind}`);
    try {
      await writeFile(file, templateOf(options), { flag: "wx" });
      return { file, version };
    } catch (error) {
      // Somebody else took it in this moment.
      if ((error as { readonly code?: unknown }).code !== "EEXIST") throw error;
    }
  }
}

function templateOf({ kind, phase }: GenerateMigrationOptions): string {
  if (phase === undefined) return TEMPLATES[kind];
  if (kind === "sql") return `-- migrate:phase ${phase}\n${SQL}`;
  return TEMPLATES[kind].replace(
    "export async",
    `export const phase = "${phase}";\n\nexport async`,
  );
}

function toFileName(name: string): string {
  const snake = name
    .trim()
    .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
    .replace(/[\s-]+/g, "_")
    .toLowerCase();
  if (/^[a-z0-9](?:[a-z0-9_]*[a-z0-9])?$/.test(snake)) return snake;
  throw new TenancyError("MIGRATION_INVALID", `${JSON.stringify(name)} cannot name a migration.`, {
    remedy: "Use letters, digits, spaces, `_` and `-`, such as `create posts`.",
  });
}
