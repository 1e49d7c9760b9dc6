import type { OperationEvent } from "../core/events.ts";
import type { Operation } from "../core/events.ts";
import type { CreateOptions, Tenancy } from "../core/tenancy.ts";
import type { Tenant, TenantRef } from "../core/tenant.ts";
import { createTenant } from "../lifecycle/create.ts";
import { planCreate } from "../lifecycle/create-plan.ts";
import { type LifecycleDeps, pooledQueries } from "../lifecycle/deps.ts";
import { addDomain, parseDomain, removeDomain, setPrimaryDomain } from "../lifecycle/domains.ts";
import { dropTenant } from "../lifecycle/drop.ts";
import { checkHealth } from "../lifecycle/health.ts";
import { notFound, parseRef } from "../lifecycle/refs.ts";
import { planRename, renameTenant } from "../lifecycle/rename.ts";
import { resumeTenant, startMaintenance, suspendTenant } from "../lifecycle/state.ts";
import { checkUpdate, updateTenant } from "../lifecycle/update.ts";
import { detailsOfCreate, detailsOfUpdate, pick } from "./audit-details.ts";
import type { Operations } from "./operations.ts";

/** The part of {@link Tenancy} that makes, changes, reads and removes tenants. */
export type Lifecycle = Pick<
  Tenancy,
  | "addDomain"
  | "count"
  | "create"
  | "createAndMigrate"
  | "drop"
  | "exists"
  | "get"
  | "healthCheck"
  | "list"
  | "removeDomain"
  | "rename"
  | "resume"
  | "setPrimaryDomain"
  | "startMaintenance"
  | "suspend"
  | "update"
>;

/** Creates the lifecycle part of a tenancy. Arguments are checked before an operation begins. */
export function createLifecycle(
  deps: LifecycleDeps,
  operations: Operations,
  refillSoon: () => void,
): Lifecycle {
  const { driver, registry, settings } = deps;
  const { rules } = settings;

  async function change(
    operation: Operation,
    ref: TenantRef,
    fn: (ref: TenantRef) => Promise<Tenant>,
    details?: Readonly<Record<string, unknown>>,
  ): Promise<Tenant> {
    const parsed = parseRef(ref, rules);
    return await operations.run(
      operation,
      aboutRef(parsed),
      async (event) => learn(event, await fn(parsed)),
      { details, ref: parsed },
    );
  }

  async function create(slug: string, options: CreateOptions = {}): Promise<Tenant> {
    const plan = planCreate(settings, slug, options);
    const about = { schemaName: plan.tenant.schemaName, tenant: plan.tenant.slug };
    const tenant = await operations.run(
      "tenant.create",
      about,
      async (event) => learn(event, await createTenant(deps, plan)),
      { details: detailsOfCreate(options), ref: plan.tenant.slug },
    );
    refillSoon();
    return tenant;
  }

  return {
    addDomain: async (ref, domain, options) => {
      const parsed = parseDomain(domain, settings);
      const details = { addDomain: parsed, ...pick(options, ["primary"]) };
      return await change(
        "tenant.update",
        ref,
        (at) => addDomain(deps, at, parsed, options),
        details,
      );
    },
    create,
    createAndMigrate: create,
    drop: async (ref, options) => {
      const parsed = parseRef(ref, rules);
      return await operations.run(
        "tenant.drop",
        aboutRef(parsed),
        async (event) => {
          const dropped = await dropTenant(deps, parsed, options);
          if (dropped !== undefined) learn(event, dropped);
          return dropped !== undefined;
        },
        { details: pick(options, ["ifMissing"]), ref: parsed },
      );
    },
    exists: (ref) => operations.track(() => exists(deps, ref)),
    get: async (ref) => {
      const parsed = parseRef(ref, rules);
      return await operations.track(async () => {
        const tenant = await registry.get(pooledQueries(driver), parsed);
        if (tenant === undefined) throw notFound(parsed);
        return tenant;
      });
    },
    healthCheck: async (ref) => {
      const parsed = parseRef(ref, rules);
      return await operations.track(() => checkHealth(deps, parsed));
    },
    count: (filter) => operations.track(() => registry.total(pooledQueries(driver), filter)),
    list: (options) => operations.track(() => registry.list(pooledQueries(driver), options)),
    removeDomain: async (ref, domain) => {
      const parsed = parseDomain(domain, settings);
      const details = { removeDomain: parsed };
      return await change("tenant.update", ref, (at) => removeDomain(deps, at, parsed), details);
    },
    rename: async (ref, to) => {
      const plan = planRename(settings, to);
      const details = pick(to, ["schemaName", "slug"]);
      return await change("tenant.rename", ref, (at) => renameTenant(deps, at, plan), details);
    },
    resume: (ref) => change("tenant.resume", ref, (at) => resumeTenant(deps, at)),
    setPrimaryDomain: async (ref, domain) => {
      const parsed = parseDomain(domain, settings);
      const details = { primaryDomain: parsed };
      return await change(
        "tenant.update",
        ref,
        (at) => setPrimaryDomain(deps, at, parsed),
        details,
      );
    },
    startMaintenance: (ref) =>
      change("tenant.maintenance", ref, (at) => startMaintenance(deps, at)),
    suspend: (ref) => change("tenant.suspend", ref, (at) => suspendTenant(deps, at)),
    update: async (ref, changes) => {
      checkUpdate(settings, parseRef(ref, rules), changes);
      const details = detailsOfUpdate(changes);
      return await change("tenant.update", ref, (at) => updateTenant(deps, at, changes), details);
    },
  };
}

/** A name that nobody can have is nobody's. */
async function exists(
  { driver, registry, settings }: LifecycleDeps,
  ref: TenantRef,
): Promise<boolean> {
  let parsed: TenantRef;
  try {
    parsed = parseRef(ref, settings.rules);
  } catch {
    return false;
  }
  return (await registry.get(pooledQueries(driver), parsed)) !== undefined;
}

/** Returns what an event knows of a tenant before it is looked up. */
export function aboutRef(ref: TenantRef): Pick<OperationEvent, "tenant"> {
  return typeof ref === "string" ? { tenant: ref } : {};
}

/** Adds to an event what is now known of the tenant. */
export function learn(event: OperationEvent, tenant: Tenant): Tenant {
  event.schemaName = tenant.schemaName;
  event.tenant = tenant.slug;
  event.tenantId = tenant.id;
  return tenant;
}
