import type { DriverName, FrameworkName, OrmName } from "./facts.ts";

/** What was found, and what was found that setup writes nothing for. */
export interface Found<Name> {
  /** The one that setup writes for. */
  readonly name: Name;
  /** Another one that the toolkit works with. */
  readonly other?: string;
}

type Dependencies = ReadonlyMap<string, string>;

/** Frameworks by package, those first that are built on others. */
const FRAMEWORKS: readonly (readonly [name: string, framework: FrameworkName])[] = [
  ["next", "next"],
  ["@nestjs/core", "nest"],
  ["fastify", "fastify"],
  ["hono", "hono"],
  ["koa", "koa"],
  ["express", "express"],
];

const OTHER_FRAMEWORKS = ["h3", "nitro", "elysia"];

/** Returns the framework that an application is made with; `node` where none is known. */
export function detectFramework(dependencies: Dependencies): Found<FrameworkName> {
  const found = FRAMEWORKS.find(([name]) => dependencies.has(name))?.[1];
  if (found !== undefined) return { name: found };
  const other = OTHER_FRAMEWORKS.find((name) => dependencies.has(name));
  return other === undefined
    ? { name: "node" }
    : { name: "none", other: other === "nitro" ? "h3" : other };
}

const ORMS: readonly (readonly [name: string, orm: OrmName])[] = [
  ["@prisma/client", "prisma"],
  ["prisma", "prisma"],
  ["drizzle-orm", "drizzle"],
  ["typeorm", "typeorm"],
  ["kysely", "kysely"],
];

const OTHER_ORMS: readonly (readonly [name: string, page: string])[] = [
  ["@mikro-orm/core", "mikro-orm"],
  ["objection", "objection"],
  ["knex", "knex"],
  ["sequelize", "sequelize"],
  ["postgres", "postgres-js"],
];

/** Returns the ORM that an application is made with; `none` where none is known. */
export function detectOrm(dependencies: Dependencies): Found<OrmName> {
  const found = ORMS.find(([name]) => dependencies.has(name))?.[1];
  if (found !== undefined) return { name: found };
  const other = OTHER_ORMS.find(([name]) => dependencies.has(name))?.[1];
  return other === undefined ? { name: "none" } : { name: "none", other };
}

const DRIVERS: readonly (readonly [name: string, driver: DriverName])[] = [
  ["pg", "pg"],
  ["@prisma/adapter-pg", "pg"],
  ["mysql2", "mysql2"],
  ["mariadb", "mariadb"],
  ["@prisma/adapter-mariadb", "mariadb"],
  ["@electric-sql/pglite", "pglite"],
];

/** Lists the client libraries that an application depends on, the likeliest first. */
export function detectDrivers(dependencies: Dependencies): DriverName[] {
  return [
    ...new Set(DRIVERS.filter(([name]) => dependencies.has(name)).map(([, driver]) => driver)),
  ];
}
