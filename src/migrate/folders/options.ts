import type { Dialect } from "../../core/dialect.ts";
import type { QualifiedNames } from "../../core/qualified-names.ts";
import { TenancyError } from "../../errors/tenancy-error.ts";

/** What every function of `kirayedar/migrations` may be told. */
export interface FolderOptions {
  /**
   * Schema that the tool has put before names, and that gives way to the tenant's. Default `"public"`;
   * on MySQL and MariaDB none, as their tools write no database before names.
   */
  readonly schema?: string;
  /**
   * Names in that schema that are meant as they are, such as `["citext"]`: types and functions of
   * extensions, or global tables. Default none.
   */
  readonly keep?: readonly string[];
}

/** A table of the tool's own history, where the application calls it otherwise. */
export interface HistoryOptions {
  /** Its name. Default: the tool's. */
  readonly table?: string;
  /** Its schema. Default: the tool's. */
  readonly schema?: string;
}

/** @throws TenancyError `INVALID_CONFIG` */
export function checkFolder(made: string, folder: unknown): string {
  if (typeof folder === "string" && folder !== "") return folder;
  throw new TenancyError("INVALID_CONFIG", `\`${made}\` was given no folder.`);
}

/** Returns the names to take a schema off; `undefined` where the tool writes none. */
export function namesOf(
  { keep = [], schema }: FolderOptions,
  dialect: Dialect,
): QualifiedNames | undefined {
  const assumed = schema ?? (dialect.name === "postgres" ? "public" : undefined);
  return assumed === undefined ? undefined : { keep, schema: assumed };
}

/**
 * Makes the names in a text the tenant's own.
 *
 * @throws TenancyError `MIGRATION_INVALID` where it has some that cannot be
 */
export function toOwnNames(
  text: string,
  options: FolderOptions,
  { dialect, file }: { readonly dialect: Dialect; readonly file: string },
): string {
  const names = namesOf(options, dialect);
  if (names === undefined) return text;
  const { problems, text: own } = dialect.script.unqualify(text, names);
  const [problem] = problems;
  if (problem === undefined) return own;
  throw new TenancyError(
    "MIGRATION_INVALID",
    `The migration ${file}:${problem.line} ${problem.what}.`,
    {
      remedy:
        "It would not be the tenant's own. Write it without the schema, or name what is meant as it is in the option `keep`.",
    },
  );
}

/** Refuses a folder that was written for another engine. @throws TenancyError `MIGRATION_INVALID` */
export function checkEngine(file: string, written: unknown, { name }: Dialect): void {
  if (typeof written !== "string") return;
  const family = /^postgres|^cockroach/.test(written) ? "postgres" : written;
  if (family === name || (family === "mariadb" && name === "mysql")) return;
  throw new TenancyError(
    "MIGRATION_INVALID",
    `${file} says that the migrations are for ${written}, and the database is not.`,
    { remedy: "Generate them for the engine that the tenants are on." },
  );
}
