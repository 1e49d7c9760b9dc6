import type { Scope } from "../../../core/scope.ts";
import type { EntityManager, OrmTenancy } from "./peer.ts";

/** To which scope an entity manager, and whatever is in its identity map, belongs. */
export interface Owner {
  readonly scope: Scope;
  /** Whether it was made for that scope, and reads no ambient one. */
  readonly isBound: boolean;
}

/** The entity managers of one application: whose they are, and which is meant. */
export class Managers {
  readonly #makeFork: () => EntityManager;
  readonly #owners = new WeakMap<EntityManager, Owner>();
  readonly #runs = new WeakMap<object, Map<string, EntityManager>>();
  readonly #tenancy: OrmTenancy;

  /** @param makeFork - makes an empty manager that belongs to nobody yet */
  constructor(tenancy: OrmTenancy, makeFork: () => EntityManager) {
    this.#makeFork = makeFork;
    this.#tenancy = tenancy;
  }

  /** Returns whose a manager is, or `undefined` before its first use. */
  ownerOf(em: EntityManager): Owner | undefined {
    return this.#owners.get(em);
  }

  /** Gives a manager to a scope, for good. */
  give(em: EntityManager, owner: Owner): void {
    this.#owners.set(em, owner);
  }

  /** Returns the scope in force. */
  scopeNow(): Scope | undefined {
    return this.#tenancy.currentScope();
  }

  /** Calls a function in the scope of a manager. */
  inScope<T>({ scope }: Owner, fn: () => T): T {
    return this.#tenancy.enter(scope, fn);
  }

  /**
   * Returns the manager of the enclosing `withTenant` or request and of the scope in force, or `undefined`
   * without a scope.
   *
   * ISOLATION: a key for the tenant too, as `putTenant` changes the scope of a run, and an identity map
   * answers without a query. integration/orm/mikro-orm/identity-map.test.ts
   */
  ofRun(): EntityManager | undefined {
    const run = this.#tenancy.currentRun();
    const scope = this.#tenancy.currentScope();
    if (run === undefined || scope === undefined) return undefined;
    let managers = this.#runs.get(run);
    if (managers === undefined) this.#runs.set(run, (managers = new Map()));
    const key = keyOf(scope);
    let em = managers.get(key);
    if (em === undefined) {
      em = this.#makeFork();
      this.#owners.set(em, { isBound: false, scope });
      managers.set(key, em);
    }
    return em;
  }
}

/** Returns a key of a scope, for caches and the like. */
export function keyOf(scope: Scope): string {
  return scope.kind === "tenant" ? `tenant:${scope.tenant.id}` : "global";
}
