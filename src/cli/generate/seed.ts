import { toFileName } from "./file-name.ts";
import type { Generated } from "./generated-file.ts";
import type { ProjectLanguage } from "./project-language.ts";

/** Kinds of seeds: SQL text, or a module in what the project is written in. */
export type SeedKind = "sql" | "ts";

/** What kind of seed. */
export interface GenerateSeedOptions {
  /** What it is called, such as `tenant`. */
  readonly name: string;
  /** Kind of file. */
  readonly kind: SeedKind;
  /** What the project is written in. */
  readonly language: Pick<ProjectLanguage, "fileEnding" | "isTypescript">;
  /** The engine, whose words the examples are in. */
  readonly engine: "mysql" | "postgres";
  /** Whether there is no seed yet that new tenants get. */
  readonly isFirst: boolean;
}

/** Returns the file of a seed. @throws CommanderError for a name that cannot be one */
export function generateSeed(options: GenerateSeedOptions): Generated {
  const { engine, isFirst, kind, language, name } = options;
  const file = `seeds/${toFileName(name)}${kind === "sql" ? ".sql" : language.fileEnding}`;
  const example =
    engine === "postgres"
      ? "insert into settings (name, value) values ('theme', 'light') on conflict do nothing"
      : "insert ignore into settings (name, value) values ('theme', 'light')";
  const text = kind === "sql" ? sqlSeed(example) : moduleSeed(example, language.isTypescript);
  return {
    additions: isFirst ? [{ text: `seed: ${JSON.stringify(file)},`, where: "configuration" }] : [],
    files: [{ file, text }],
  };
}

function sqlSeed(example: string): string {
  return `-- Fills a tenant, in one transaction. Names of tables are the tenant's own.
-- It is not recorded, and may run again by \`kirayedar seed\`: write it so that it bears that.

-- ${example};
`;
}

function moduleSeed(example: string, isTypeScript: boolean): string {
  const [head, signature, list] = isTypeScript
    ? [
        'import type { SeedContext } from "kirayedar";\n\n',
        "seed(db: SeedContext): Promise<void>",
        "statements: readonly string[]",
      ]
    : ["", "seed(db)", "statements"];
  return `${head}/**
 * Fills a tenant, in one transaction. Names of tables are the tenant's own, and \`db.tenant\` is the tenant.
 * It is not recorded, and may run again by \`kirayedar seed\`: write it so that it bears that.
 */
export async function ${signature} {
  const ${list} = [
    // "${example}",
  ];
  for (const statement of statements) await db.query(statement);
}
`;
}
