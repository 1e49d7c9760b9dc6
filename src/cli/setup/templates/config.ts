import type { TemplateContext } from "./context.ts";

/** Writes the configuration, which the application and the command line share. */
export function configFile(context: TemplateContext): string {
  const { answers, names } = context;
  const { adminHost, driver, primaryDomain } = answers;
  const derived = `admin.${primaryDomain}`;
  const variables = [
    ...(driver === "pglite" ? [] : [addressVariable(context)]),
    `PRIMARY_DOMAIN = ${JSON.stringify(primaryDomain)}`,
    ...(adminHost === "" || adminHost === derived
      ? []
      : [`ADMIN_HOST = ${JSON.stringify(adminHost)}`]),
  ];
  const host = adminHost === derived ? "`admin.${PRIMARY_DOMAIN}`" : "ADMIN_HOST";
  return `import { defineConfig } from "kirayedar";
import { ${driver} } from "kirayedar/${driver}";

${destructure(variables)}

export default defineConfig({
  database: ${databaseCall(context)},
  primaryDomain: PRIMARY_DOMAIN,
${adminHost === "" ? "" : `  adminHost: ${host},\n`}  registry: { table: ${JSON.stringify(names.table)} },
});
`;
}

const LINE = 100;

function destructure(variables: readonly string[]): string {
  const line = `const { ${variables.join(", ")} } = process.env;`;
  if (line.length <= LINE) return line;
  return `const {\n${variables.map((variable) => `  ${variable},\n`).join("")}} = process.env;`;
}

function addressVariable({ facts }: TemplateContext): string {
  const { variable } = facts.database;
  return variable === "DATABASE_URL" ? variable : `${variable}: DATABASE_URL`;
}

function databaseCall({ answers }: TemplateContext): string {
  switch (answers.driver) {
    case "pg":
      return "pg({ connectionString: DATABASE_URL })";
    case "pglite":
      return 'pglite({ dataDir: "data" })';
    case "mariadb":
      return "mariadb({ uri: DATABASE_URL })";
    case "mysql2":
      if (answers.orm !== "typeorm") return "mysql2({ uri: DATABASE_URL })";
      // TypeORM gives its own pools these, and reads values by them.
      return `mysql2({
    uri: DATABASE_URL,
    bigNumberStrings: true,
    stringifyObjects: true,
    supportBigNumbers: true,
  })`;
  }
}
