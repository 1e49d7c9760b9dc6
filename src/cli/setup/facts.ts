/** An engine, by its dialect. */
export type Engine = "mysql" | "postgres";

/** A driver that can be configured. */
export type DriverName = "mariadb" | "mysql2" | "pg" | "pglite";

/** An ORM, or a query builder, that models are written for. */
export type OrmName = "drizzle" | "kysely" | "none" | "prisma" | "typeorm";

/** A framework that the tenancy is put into. */
export type FrameworkName =
  | "express"
  | "fastify"
  | "hono"
  | "koa"
  | "nest"
  | "next"
  | "node"
  | "none";

/** A program that installs packages. */
export type PackageManager = "bun" | "npm" | "pnpm" | "yarn";

/** What an application says of its database. */
export interface DatabaseFacts {
  /** Its address, where one was found. */
  readonly url?: string;
  /** Where the address, or the engine, was found, for people. */
  readonly foundIn?: string;
  /** Environment variable that has the address. */
  readonly variable: string;
  /** Whether the variable is set, in the environment or in `.env`. */
  readonly isSet: boolean;
  /** The engine, where anything tells. */
  readonly engine?: Engine;
}

/** How modules are written, and name each other. */
export interface LanguageFacts {
  /** Whether the application is written in TypeScript. */
  readonly isTypescript: boolean;
  /** Whether its files are ES modules. */
  readonly isModule: boolean;
  /** Whether `tsc` writes JavaScript, so that a file beside the sources would move what it writes. */
  readonly isCompiled: boolean;
  /** Whether decorators are switched on. */
  readonly hasDecorators: boolean;
  /** What stands at the end of a relative import of a source file. */
  readonly importEnding: "" | ".js" | ".mjs" | ".ts";
  /** Ending of a new source file. */
  readonly fileEnding: ".js" | ".mjs" | ".ts";
}

/** What is known of an application before anybody is asked. */
export interface ProjectFacts {
  /** Name in its `package.json`. */
  readonly name: string;
  /** What installs its packages. */
  readonly packageManager: PackageManager;
  /** Packages that it depends on, with the ranges that it wants. */
  readonly dependencies: ReadonlyMap<string, string>;
  /** How its modules are written. */
  readonly language: LanguageFacts;
  /** Folder of its sources, from its root; empty for the root itself. */
  readonly sourceFolder: string;
  /** The toolkit's configuration, where there is one. */
  readonly config?: string;
  /** Its database. */
  readonly database: DatabaseFacts;
  /** Client libraries that are installed, the likeliest first. */
  readonly drivers: readonly DriverName[];
  /** Its ORM. */
  readonly orm: OrmName;
  /** An ORM that the toolkit knows, and setup writes no models for. */
  readonly otherOrm?: string;
  /** Its framework. */
  readonly framework: FrameworkName;
  /** A framework that the toolkit knows, and setup does not put the tenancy into. */
  readonly otherFramework?: string;
  /** The file in which its server, or application, is made. */
  readonly entry?: string;
  /** Prisma's schema. */
  readonly prismaSchema?: string;
  /** Whether git leaves `.env` alone. */
  readonly isEnvIgnored: boolean;
  /** Tables that it has models of, and Prisma's models, with the files that say so. */
  readonly tables: ReadonlyMap<string, string>;
  /** Folder of migrations that its ORM's own tool has written. */
  readonly ormMigrations?: string;
}

/** What was asked, and answered. */
export interface Answers {
  /** What a tenant is called. */
  readonly tenantName: string;
  /** Kind of the tenants' ids. */
  readonly ids: "serial" | "uuid";
  /** Domain whose subdomains are tenants. */
  readonly primaryDomain: string;
  /** Host of the global scope; empty for none. */
  readonly adminHost: string;
  /** Address of the database, where it is to be written to `.env`; empty for none. */
  readonly databaseUrl: string;
  /** Client library. */
  readonly driver: DriverName;
  /** What models are written for. */
  readonly orm: OrmName;
  /** What the tenancy is put into. */
  readonly framework: FrameworkName;
  /** Whether the admin pages are mounted. */
  readonly admin: boolean;
}

/** Returns the engine that a driver speaks to. */
export function engineOf(driver: DriverName): Engine {
  return driver === "pg" || driver === "pglite" ? "postgres" : "mysql";
}

/** Drivers that each ORM can work over. */
export const ORM_DRIVERS: Readonly<Record<OrmName, readonly DriverName[]>> = {
  drizzle: ["pg", "mysql2", "pglite"],
  kysely: ["pg", "mysql2"],
  none: ["pg", "mysql2", "mariadb", "pglite"],
  prisma: ["pg", "mariadb"],
  typeorm: ["pg", "mysql2"],
};
