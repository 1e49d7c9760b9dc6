import { type Environment, envVariables } from "./environment.ts";
import { type DatabaseFacts, type DriverName, type Engine, engineOf } from "./facts.ts";
import type { ProjectFiles } from "./project-files.ts";

interface Places {
  readonly files: ProjectFiles;
  readonly environment: Environment;
  readonly drivers: readonly DriverName[];
  readonly prismaSchema: string | undefined;
}

/** What a tool's own configuration says. */
interface Declared {
  readonly foundIn: string;
  readonly variable?: string;
  readonly url?: string;
  readonly engine?: Engine;
}

const DEFAULT_VARIABLE = "DATABASE_URL";
const ENV_FILES = [".env", ".env.local", ".env.development"];

/**
 * Finds the database of an application: in the environment, in `.env`, and in the configuration of
 * Prisma and Drizzle, which may name another variable than `DATABASE_URL`.
 */
export function detectDatabase(places: Places): DatabaseFacts {
  const { drivers, environment, files } = places;
  const declared = [...readPrisma(places), ...readDrizzle(files)];
  const variable =
    declared.find((place) => place.variable !== undefined)?.variable ??
    likelyVariable(environment, files);
  const found =
    readVariable(variable, environment, files) ??
    declared.find((place) => place.url !== undefined && engineOfUrl(place.url) !== undefined);
  const [driver] = drivers;
  const engine =
    engineOfUrl(found?.url) ??
    declared.find((place) => place.engine !== undefined)?.engine ??
    (driver === undefined ? undefined : engineOf(driver));
  const foundIn = found?.foundIn ?? declared.find((place) => place.engine !== undefined)?.foundIn;
  return {
    isSet: isSet(environment[variable]) || isSet(envVariables(files.read(".env"))[variable]),
    variable,
    ...(engine !== undefined && { engine }),
    ...(foundIn !== undefined && { foundIn }),
    ...(found?.url !== undefined && { url: found.url }),
  };
}

/** Returns the variable that has the address of a database, if it is not the usual one. */
function likelyVariable(environment: Environment, files: ProjectFiles): string {
  if (isSet(environment[DEFAULT_VARIABLE])) return DEFAULT_VARIABLE;
  const variables = ENV_FILES.flatMap((file) => Object.entries(envVariables(files.read(file))));
  const addresses = variables.filter(([, value]) => engineOfUrl(value) !== undefined);
  const isUsual = addresses.some(([name]) => name === DEFAULT_VARIABLE);
  return (isUsual ? undefined : addresses[0]?.[0]) ?? DEFAULT_VARIABLE;
}

function isSet(value: string | undefined): boolean {
  return value !== undefined && value !== "";
}

/** Returns the engine that an address is of; `undefined` for what is no address of one. */
export function engineOfUrl(url: string | undefined): Engine | undefined {
  const [, protocol = ""] = /^([a-z]+):\/\//.exec(url ?? "") ?? [];
  if (["postgres", "postgresql"].includes(protocol)) return "postgres";
  return ["mariadb", "mysql"].includes(protocol) ? "mysql" : undefined;
}

function readVariable(
  variable: string,
  environment: Environment,
  files: ProjectFiles,
): { readonly url: string; readonly foundIn: string } | undefined {
  const set = environment[variable];
  if (set !== undefined && isSet(set)) return { foundIn: `the variable ${variable}`, url: set };
  for (const file of ENV_FILES) {
    const url = envVariables(files.read(file))[variable];
    if (url !== undefined && isSet(url)) return { foundIn: file, url };
  }
  return undefined;
}

function* readPrisma({ files, prismaSchema }: Places): Generator<Declared> {
  const config = "prisma.config.ts";
  const text = files.read(config);
  if (text !== undefined) yield declaredBy(config, text);
  const schema = prismaSchema === undefined ? undefined : files.read(prismaSchema);
  const [datasource] = /^datasource\s+\w+\s*\{[^}]*\}/m.exec(schema ?? "") ?? [];
  if (datasource === undefined || prismaSchema === undefined) return;
  const [, provider = ""] = /\bprovider\s*=\s*"(\w+)"/.exec(datasource) ?? [];
  const engine = engineOfName(provider);
  yield { ...declaredBy(prismaSchema, datasource), ...(engine !== undefined && { engine }) };
}

function* readDrizzle(files: ProjectFiles): Generator<Declared> {
  for (const ending of ["ts", "js", "mts", "mjs"]) {
    const config = `drizzle.config.${ending}`;
    const text = files.read(config);
    if (text === undefined) continue;
    const [, dialect = ""] = /\bdialect\s*:\s*["'](\w+)["']/.exec(text) ?? [];
    const engine = engineOfName(dialect);
    yield { ...declaredBy(config, text), ...(engine !== undefined && { engine }) };
  }
}

const VARIABLE = /\benv(?:<[^>]*>)?(?:\(\s*["']|\.|\[\s*["'])([A-Z][A-Z0-9_]*)/;
const LITERAL = /\burl\s*[:=]\s*["']([a-z]+:\/\/[^"']+)["']/;

function declaredBy(foundIn: string, text: string): Declared {
  const [, variable] = VARIABLE.exec(text) ?? [];
  const [, url] = LITERAL.exec(text) ?? [];
  return {
    foundIn,
    ...(variable !== undefined && { variable }),
    ...(url !== undefined && { url }),
  };
}

function engineOfName(name: string): Engine | undefined {
  if (name.startsWith("postgres")) return "postgres";
  return name === "mysql" ? "mysql" : undefined;
}
