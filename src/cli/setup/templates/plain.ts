import type { TemplateContext } from "./context.ts";

/** Writes types of the rows, for who writes SQL. */
export function plainModels({ answers, example, names }: TemplateContext): string {
  const id = idType(answers.ids, answers.driver);
  return `import type { TenantState } from "kirayedar";

/** A row of ${names.table}, in the global schema: read it in \`tenancy.scopeGlobal(…)\`. */
export interface ${names.model} {
  readonly id: ${id};
  readonly slug: string;
  readonly name: string | null;
  readonly schema_name: string;
  readonly server: string;
  readonly state: TenantState;
  readonly version: string | null;
  readonly migrations_digest: string | null;
  readonly created_at: Date;
  readonly updated_at: Date;
}

/** A row of ${example.table}, which every tenant has for itself. */
export interface ${example.model} {
  readonly id: number;
  readonly text: string;
}
`;
}

/** \`pg\` reads a 64-bit integer as text, as no number of JavaScript holds all of them. */
function idType(ids: "serial" | "uuid", driver: string): string {
  if (ids === "uuid" || driver === "pg") return "string";
  return driver === "mariadb" ? "bigint" : "number";
}
