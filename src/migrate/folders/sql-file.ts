import { createHash } from "node:crypto";
import { readdir } from "node:fs/promises";
import type { Dialect } from "../../core/dialect.ts";
import type { FolderMigration } from "../../core/migration-folder.ts";
import { TenancyError } from "../../errors/tenancy-error.ts";
import { checksumOf, readText } from "../discover.ts";
import { parseSqlFile } from "../parse-sql-file.ts";
import { type FolderOptions, toOwnNames } from "./options.ts";

/** A SQL file of another tool. */
export interface SqlFile {
  /** Its path. */
  readonly file: string;
  /** The tool's own name of the migration. */
  readonly name: string;
  /** Its version. */
  readonly version: string;
  /** What undoes it, if there is such a file. */
  readonly downFile?: string;
  /** Marks ends of statements, where semicolons do not have to. */
  readonly breakpoint?: string;
  /** Whether the tool writes `begin` and `commit` around a part of it. */
  readonly hasOwnTransactions?: boolean;
}

/** What runs on PostgreSQL in no transaction. */
const OUTSIDE =
  /^(?:create\s+(?:unique\s+)?index|drop\s+index|reindex\b[\s\S]*)\s+concurrently\b|^vacuum\b/i;

/**
 * Reads a SQL file as another tool wrote it.
 *
 * @throws TenancyError `MIGRATION_INVALID`
 */
export async function readSqlFile(
  { breakpoint, downFile, file, hasOwnTransactions = false, name, version }: SqlFile,
  options: FolderOptions,
  dialect: Dialect,
): Promise<FolderMigration> {
  const text = await readFileOf(file);
  const toText = (source: string): string =>
    toOwnNames(breakpoint === undefined ? source : cut(source, breakpoint, dialect), options, {
      dialect,
      file,
    });
  const parts = parseSqlFile(text, file);
  const separate = downFile === undefined ? undefined : await readOptional(downFile);
  const down = parts.down ?? separate;
  const isOutside =
    dialect.hasTransactionalDdl &&
    dialect.script.split(parts.up).some((statement) => OUTSIDE.test(statement.text));
  // All of it is one transaction.
  const isOne = hasOwnTransactions && parts.transaction && !isOutside;
  const up = isOne ? withoutTransactions(parts.up, dialect) : parts.up;
  return {
    checksum: checksumOf(text),
    file,
    name,
    recordedHashes: hashesOf(text),
    recordedName: name,
    transaction: parts.transaction && !isOutside,
    up: toText(up),
    version,
    ...(parts.phase === undefined ? {} : { phase: parts.phase }),
    ...(down === undefined ? {} : { down: toText(down) }),
  };
}

/** Lists a folder, by name. @throws TenancyError `MIGRATIONS_FOLDER_MISSING` */
export async function listFolder(
  folder: string,
): Promise<{ readonly name: string; readonly isFolder: boolean }[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    const found = entries.map((entry) => ({ isFolder: entry.isDirectory(), name: entry.name }));
    return found.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  } catch (cause) {
    throw new TenancyError(
      "MIGRATIONS_FOLDER_MISSING",
      `The migrations folder ${folder} cannot be read.`,
      { cause },
    );
  }
}

/** Reads a file, if it is there. */
export async function readOptional(file: string): Promise<string | undefined> {
  try {
    return await readText(file);
  } catch (error) {
    if ((error as { readonly code?: unknown }).code === "ENOENT") return undefined;
    throw error;
  }
}

async function readFileOf(file: string): Promise<string> {
  try {
    return await readText(file);
  } catch (cause) {
    throw new TenancyError("MIGRATION_INVALID", `The migration ${file} cannot be read.`, {
      cause,
      remedy: "Restore the file, or take the migration off the tool's own list.",
    });
  }
}

/** A checkout may have changed line ends since the tool made its fingerprint, and taken off a BOM. */
function hashesOf(text: string): string[] {
  const unix = text.replaceAll("\r\n", "\n");
  const texts = [text, unix, unix.replaceAll("\n", "\r\n")];
  return texts
    .flatMap((one) => [one, `\ufeff${one}`])
    .map((one) => createHash("sha256").update(one).digest("hex"));
}

/** Puts semicolons where the tool would cut, and none where there is one: MySQL refuses empty statements. */
function cut(text: string, breakpoint: string, { script }: Dialect): string {
  const chunks = text.split(breakpoint);
  return chunks
    .map((chunk, index) => {
      const last = script.split(chunk).at(-1);
      if (last === undefined || index === chunks.length - 1) return chunk;
      const isEnded = chunk
        .slice(last.start + last.text.length)
        .trimStart()
        .startsWith(";");
      return isEnded ? chunk : `${chunk}\n;`;
    })
    .join("");
}

function withoutTransactions(text: string, { script }: Dialect): string {
  let result = "";
  let at = 0;
  for (const statement of script.split(text)) {
    if (!/^(?:begin|commit)$/i.test(statement.text)) continue;
    result += text.slice(at, statement.start);
    at = statement.start + statement.text.length;
  }
  return result + text.slice(at);
}
