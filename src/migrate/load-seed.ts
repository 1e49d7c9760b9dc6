import { readFile } from "node:fs/promises";
import { pathToFileURL } from "node:url";
import type { Dialect } from "../core/dialect.ts";
import type { ScriptStatement } from "../core/script-sql.ts";
import type { Seed, SeedFunction } from "../core/seed.ts";
import { isTenancyError, TenancyError } from "../errors/tenancy-error.ts";

const COMMITS =
  "has a statement that commits, or may commit, what was done before it: a seed that fails could not be undone";

/** How a seed's file is read. */
export interface SeedLoading {
  /** The engine's SQL. */
  readonly dialect: Pick<Dialect, "script">;
  /** Loads a module by its file URL. */
  readonly importModule: (url: string) => Promise<unknown>;
}

/**
 * Reads a seed from a SQL file or a module, and checks its text.
 *
 * @param file - absolute path
 * @throws TenancyError `SEED_INVALID`
 */
export async function loadSeed(file: string, loading: SeedLoading): Promise<Seed> {
  if (/\.sql$/i.test(file)) {
    const text = await readSql(file);
    const statements = checkSeedText(loading.dialect, text, file);
    return { body: statements.length === 0 ? "" : text, file };
  }
  if (/\.m?[jt]s$/.test(file)) {
    return { body: await readFunction(file, loading.importModule), file };
  }
  throw new TenancyError("SEED_INVALID", `The seed ${file} is neither a SQL file nor a module.`, {
    remedy: "Name a file that ends in .sql, .js, .mjs, .ts or .mts.",
  });
}

/**
 * Splits a seed's text, and refuses what would end the transaction that it runs in, or leave the
 * schema that it is for.
 *
 * @throws TenancyError `SEED_INVALID`
 */
// ISOLATION: the rest of the text would change another tenant's tables. integration/tenancy/seed.test.ts
export function checkSeedText(
  { script }: Pick<Dialect, "script">,
  text: string,
  file: string,
): ScriptStatement[] {
  const statements = script.split(text);
  for (const { line, text: statement } of statements) {
    const refusal = script.refusal(statement) ?? (script.commits(statement) ? COMMITS : undefined);
    if (refusal !== undefined) {
      throw new TenancyError("SEED_INVALID", `The seed ${file}:${line} ${refusal}.`);
    }
  }
  return statements;
}

/** Without the byte order mark that some editors write, which the server takes for a name. */
async function readSql(file: string): Promise<string> {
  try {
    return (await readFile(file, "utf8")).replace(/^\ufeff/, "");
  } catch (cause) {
    throw new TenancyError("SEED_INVALID", `The seed ${file} cannot be read.`, { cause });
  }
}

async function readFunction(
  file: string,
  importModule: SeedLoading["importModule"],
): Promise<SeedFunction> {
  let loaded: { readonly default?: unknown; readonly seed?: unknown };
  try {
    loaded = (await importModule(pathToFileURL(file).href)) as typeof loaded;
  } catch (cause) {
    if (isTenancyError(cause)) throw cause;
    const isUnreadable =
      (cause as { readonly code?: unknown } | null)?.code === "ERR_UNKNOWN_FILE_EXTENSION";
    throw new TenancyError("SEED_INVALID", `The seed ${file} cannot be loaded.`, {
      cause,
      remedy: isUnreadable
        ? "This version of Node.js does not read TypeScript: seed by the command line, or use a later one."
        : undefined,
    });
  }
  const body = loaded.seed ?? loaded.default;
  if (typeof body === "function") return body as SeedFunction;
  throw new TenancyError(
    "SEED_INVALID",
    `The seed ${file} exports no function \`seed\`, and none as its default.`,
  );
}
