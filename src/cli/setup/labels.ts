import type { DriverName, FrameworkName, OrmName } from "./facts.ts";

/** ORMs, as people call them. */
export const ORMS: Readonly<Record<OrmName, string>> = {
  drizzle: "Drizzle",
  kysely: "Kysely",
  none: "SQL",
  prisma: "Prisma",
  typeorm: "TypeORM",
};

/** Frameworks, as people call them. */
export const FRAMEWORKS: Readonly<Record<FrameworkName, string>> = {
  express: "Express",
  fastify: "Fastify",
  hono: "Hono",
  koa: "Koa",
  nest: "NestJS",
  next: "Next.js",
  node: "node:http",
  none: "another one",
};

/** Drivers, as people call them. */
export const DRIVERS: Readonly<Record<DriverName, string>> = {
  mariadb: "MariaDB, through mariadb",
  mysql2: "MySQL or MariaDB, through mysql2",
  pg: "PostgreSQL, through pg",
  pglite: "PostgreSQL in the process, through PGlite",
};
