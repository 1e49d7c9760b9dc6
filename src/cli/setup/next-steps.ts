import type { DriverName, PackageManager } from "./facts.ts";
import type { Plan } from "./plan.ts";
import { ORMS } from "./labels.ts";
import { importPath, type TemplateContext } from "./templates/context.ts";

/** One thing to do after setup. */
export interface NextStep {
  /** What it is for. */
  readonly what: string;
  /** What to type; absent where there is nothing to type. */
  readonly command?: string;
}

const RUNNERS: Readonly<Record<PackageManager, { add: string; exec: string; run: string }>> = {
  bun: { add: "bun add", exec: "bunx", run: "bun run" },
  npm: { add: "npm install", exec: "npx", run: "npm run" },
  pnpm: { add: "pnpm add", exec: "pnpm exec", run: "pnpm run" },
  yarn: { add: "yarn add", exec: "yarn", run: "yarn run" },
};

const DRIVER_PACKAGES: Readonly<Record<DriverName, string>> = {
  mariadb: "mariadb",
  mysql2: "mysql2",
  pg: "pg",
  pglite: "@electric-sql/pglite",
};

/** Lists what is left to do, in order. */
export function nextSteps(context: TemplateContext, { byHand, files }: Plan): NextStep[] {
  const { answers, facts } = context;
  const { add, exec, run } = RUNNERS[facts.packageManager];
  const packages = missingPackages(context);
  const steps: NextStep[] = [];
  if (packages.length > 0) {
    steps.push({ command: `${add} ${packages.join(" ")}`, what: "Install what is missing." });
  }
  if (!facts.isEnvIgnored && files.some(({ isSecret }) => isSecret === true)) {
    steps.push({ what: "Put .env into .gitignore before you commit: it has the password." });
  }
  if (byHand.length > 0) steps.push({ what: "Put the lines above into your own files." });
  if (answers.driver !== "pglite" && !facts.database.isSet && answers.databaseUrl === "") {
    steps.push({
      what: `Put the database's address into .env, as ${facts.database.variable}: the command line reads no other file.`,
    });
  }
  if (answers.primaryDomain !== "localhost" && answers.databaseUrl === "") {
    steps.push({ what: "For development, put PRIMARY_DOMAIN=localhost into .env." });
  }
  if (answers.orm === "prisma") {
    steps.push({ command: `${exec} prisma generate`, what: "Make Prisma's client again." });
  }
  steps.push(
    { command: `${run} tenants:migrate`, what: "Make the table of tenants." },
    { command: `${exec} kirayedar create acme`, what: "Make a tenant, and as many as you like." },
  );
  steps.push(...mountAdmin(context));
  const use = useDatabase(context);
  if (use !== undefined) steps.push({ what: use });
  steps.push({
    what: "Start your application with the variables of .env, and open http://acme.localhost with its port.",
  });
  return [...steps, ...further(context)];
}

/** Where the handler of the admin pages belongs, if setup does not know the framework. */
function mountAdmin({ answers, paths }: TemplateContext): NextStep[] {
  if (!answers.admin) return [];
  const write = `Write \`authorize\` in ${paths.admin}: until then the admin pages let nobody in.`;
  const mount = `Mount the admin pages of ${paths.admin} below /admin: see docs/guide/admin.md.`;
  return [...(answers.framework === "none" ? [{ what: mount }] : []), { what: write }];
}

function missingPackages({ answers, facts }: TemplateContext): string[] {
  const adapter = answers.driver === "pg" ? "@prisma/adapter-pg" : "@prisma/adapter-mariadb";
  const wanted = [
    "kirayedar",
    DRIVER_PACKAGES[answers.driver],
    ...(answers.orm === "prisma" ? [adapter] : []),
  ];
  return wanted.filter((name) => !facts.dependencies.has(name));
}

const EXPORTED = { drizzle: "db", kysely: "db", prisma: "prisma", typeorm: "dataSource" } as const;

function useDatabase({ answers, facts, paths }: TemplateContext): string | undefined {
  if (answers.orm === "none") return "Query with `tenancy.query`, or over `tenancy.pool`.";
  const name = EXPORTED[answers.orm];
  const path =
    facts.entry === undefined ? paths.database : importPath(facts.entry, paths.database, facts);
  const scoped = answers.framework === "next" ? ", in functions that are `scoped`" : "";
  return `Query with the \`${name}\` of ${path} in place of your own${scoped}: ${ORMS[answers.orm]} then finds the tenant's tables.`;
}

function further({ answers, facts }: TemplateContext): NextStep[] {
  const { ormMigrations, otherFramework, otherOrm } = facts;
  const steps: NextStep[] = [];
  if (ormMigrations !== undefined) {
    steps.push({
      what: `The migrations in ${ormMigrations} can be run for every tenant, and what they have made can become the first one: see docs/guide/orm-migrations.md and docs/recipes/adopt-an-application.md.`,
    });
  }
  if (answers.orm === "none" && otherOrm !== undefined) {
    steps.push({ what: `Your ORM works over the tenancy too: see docs/orm/${otherOrm}.md.` });
  }
  if (answers.framework === "none") {
    const page = otherFramework === undefined ? "README" : otherFramework;
    steps.push({
      what: `Your framework finds the tenant like this: see docs/frameworks/${page}.md.`,
    });
  }
  return steps;
}
