import type { CacheConfig, Hooks, TenancyConfig } from "../core/config.ts";
import { type Logger, SILENT_LOGGER } from "../core/logger.ts";
import type { NameRules } from "../core/names.ts";
import type { Resolver, ResolverSettings } from "../core/resolution.ts";
import type { Settings } from "../core/settings.ts";
import { TenancyError } from "../errors/tenancy-error.ts";
import { host } from "../resolvers/host.ts";
import { normalizeHost } from "../resolvers/normalize-host.ts";
import {
  checkArray,
  checkBoolean,
  checkIdentifier,
  checkMethods,
  checkNumber,
  checkObject,
  invalidOption,
} from "./check.ts";
import { resolveDomains } from "./domain-settings.ts";
import { resolveMigrations } from "./migrations-settings.ts";
import { resolveRegistry } from "./registry-settings.ts";
import { resolveSeed } from "./seed-settings.ts";

const OPTIONS: readonly string[] = [
  "adminHost",
  "cache",
  "database",
  "domains",
  "globalSchema",
  "hooks",
  "importModule",
  "lockTimeoutMs",
  "logger",
  "migrations",
  "now",
  "primaryDomain",
  "provisioning",
  "registry",
  "reservedSlugs",
  "resolvers",
  "rootDir",
  "seed",
  "sharedSchemas",
  "slugFallback",
  "tenantPrefix",
];

const HOOKS: readonly string[] = ["afterCreate", "afterDrop", "beforeCreate", "beforeDrop"];

/**
 * Checks a whole configuration and fills in every default. Does no I/O.
 *
 * @throws TenancyError `INVALID_CONFIG`, which names the option
 */
export function resolveSettings(config: TenancyConfig): Settings {
  checkConfig(config);
  const rules = resolveRules(config);
  return {
    cache: resolveCache(config.cache),
    domains: resolveDomains(config.domains),
    hooks: resolveHooks(config.hooks),
    lockTimeoutMs: checkNumber("lockTimeoutMs", config.lockTimeoutMs, { fallback: 10_000, min: 0 }),
    logger: resolveLogger(config.logger),
    migrations: resolveMigrations(config, rules.dialect.maxIdentifierBytes),
    provisioning: resolveProvisioning(config.provisioning),
    registry: resolveRegistry(config.registry, rules),
    resolvers: resolveResolvers(config.resolvers),
    resolving: resolveHosts(config),
    rules,
    seed: resolveSeed(config),
  };
}

function resolveProvisioning(given: TenancyConfig["provisioning"]): Settings["provisioning"] {
  const { ready } = checkObject("provisioning", given, ["ready"]);
  const checked = checkNumber("provisioning.ready", ready, { fallback: 0, min: 0 });
  if (!Number.isInteger(checked) || checked > 10_000) {
    throw invalidOption("provisioning.ready", "is not a whole number up to 10,000");
  }
  return { ready: checked };
}

function checkConfig(config: TenancyConfig): void {
  if (typeof config !== "object" || config === null) {
    throw new TenancyError("INVALID_CONFIG", "The configuration is not an object.");
  }
  for (const key of Object.keys(config)) {
    if (!OPTIONS.includes(key)) throw invalidOption(key, "is not known");
  }
  if (config.database === undefined) {
    throw new TenancyError("INVALID_CONFIG", "The configuration has no `database`.", {
      remedy: 'Pass a driver, such as `pg({ connectionString })` from "kirayedar/pg".',
    });
  }
  const methods = ["attach", "close", "poolFor", "query", "session", "subscribe", "transaction"];
  checkMethods("database", config.database, methods);
  const { importModule } = config;
  if (importModule !== undefined && typeof importModule !== "function") {
    throw invalidOption("importModule", "is not a function");
  }
}

function resolveRules(config: TenancyConfig): NameRules {
  const { dialect } = config.database;
  const maxBytes = dialect.maxIdentifierBytes;
  const tenantPrefix = config.tenantPrefix ?? "tenant_";
  if (typeof tenantPrefix !== "string" || !/^[A-Za-z0-9_-]*$/.test(tenantPrefix)) {
    throw invalidOption("tenantPrefix", "has other characters than letters, digits, `_` and `-`");
  }
  if (tenantPrefix.length >= maxBytes) {
    throw invalidOption("tenantPrefix", "leaves no room for a slug");
  }
  if (dialect.isReservedSchemaName(`${tenantPrefix}a`)) {
    throw invalidOption("tenantPrefix", "makes schema names that the database keeps for itself");
  }
  const shared = checkArray("sharedSchemas", config.sharedSchemas ?? []);
  if (shared.length > 0 && !dialect.hasSearchPath) {
    throw invalidOption("sharedSchemas", "is of no use: this database has no search path");
  }
  const globalSchema = config.globalSchema ?? config.database.defaultSchema;
  if (globalSchema === undefined) {
    throw new TenancyError(
      "INVALID_CONFIG",
      "Neither `globalSchema` nor the database's own options name a database.",
      { remedy: "Name one in the connection's address, or set `globalSchema`." },
    );
  }
  return {
    dialect,
    globalSchema: checkIdentifier("globalSchema", globalSchema, maxBytes),
    reservedSlugs: resolveReservedSlugs(config),
    sharedSchemas: shared.map((name, index) =>
      checkIdentifier(`sharedSchemas[${index}]`, name, maxBytes),
    ),
    tenantPrefix,
  };
}

function resolveReservedSlugs(config: TenancyConfig): readonly (string | RegExp)[] {
  const rules = checkArray("reservedSlugs", config.reservedSlugs ?? []);
  return rules.map((rule, index) => {
    if (typeof rule === "string") return rule;
    if (!(rule instanceof RegExp)) {
      throw invalidOption(`reservedSlugs[${index}]`, "is neither text nor a regular expression");
    }
    // With `g` or `y` an expression remembers where it stopped, and finds nothing the next time.
    return new RegExp(rule.source, rule.flags.replace(/[gy]/g, ""));
  });
}

function resolveCache(cache: CacheConfig | undefined): Required<CacheConfig> {
  const given = checkObject("cache", cache, ["maxEntries", "negativeTtlMs", "ttlMs"]);
  return {
    maxEntries: checkNumber("cache.maxEntries", given.maxEntries, {
      fallback: 10_000,
      integer: true,
      min: 1,
    }),
    negativeTtlMs: checkNumber("cache.negativeTtlMs", given.negativeTtlMs, {
      fallback: 30_000,
      min: 0,
    }),
    ttlMs: checkNumber("cache.ttlMs", given.ttlMs, { fallback: 300_000, min: 0 }),
  };
}

function resolveHooks(hooks: Hooks | undefined): Hooks {
  const given = checkObject("hooks", hooks, HOOKS);
  for (const [name, hook] of Object.entries(given)) {
    if (hook !== undefined && typeof hook !== "function") {
      throw invalidOption(`hooks.${name}`, "is not a function");
    }
  }
  return hooks ?? {};
}

function resolveLogger(logger: Logger | undefined): Logger {
  if (logger === undefined) return SILENT_LOGGER;
  checkMethods("logger", logger, ["debug", "info", "warn", "error"]);
  return logger;
}

function resolveResolvers(resolvers: readonly Resolver[] | undefined): readonly Resolver[] {
  if (resolvers === undefined) return [host()];
  checkArray("resolvers", resolvers).forEach((resolver, index) => {
    checkMethods(`resolvers[${index}]`, resolver, ["identify"]);
    if (typeof (resolver as Resolver).name !== "string") {
      throw invalidOption(`resolvers[${index}]`, "has no `name`");
    }
  });
  return resolvers;
}

function resolveHosts(config: TenancyConfig): ResolverSettings {
  const { adminHost = [], primaryDomain } = config;
  const hosts: readonly unknown[] = Array.isArray(adminHost) ? adminHost : [adminHost];
  return {
    adminHosts: new Set(hosts.map((value) => hostName("adminHost", value))),
    primaryDomain:
      primaryDomain === undefined ? undefined : hostName("primaryDomain", primaryDomain),
    slugFallback: checkBoolean("slugFallback", config.slugFallback, false),
  };
}

function hostName(option: string, value: unknown): string {
  const normalized =
    typeof value === "string" ? normalizeHost(value) : { kind: "invalid", reason: "not text" };
  if (normalized.kind === "name" && "host" in normalized) return normalized.host;
  throw invalidOption(option, "is not a host name such as `example.com`");
}
