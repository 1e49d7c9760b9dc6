import { rememberOrigin } from "../../../core/records.ts";
import { scopeOf } from "../../../core/scope.ts";
import type { Tenancy, TenantHandle } from "../../../core/tenancy.ts";
import type { Tenant } from "../../../core/tenant.ts";
import type { AnyMethod, SequelizeLike } from "./peer.ts";

/** A Sequelize in which everything is asked of one tenant, whatever the ambient scope is. */
export interface BoundSequelize<Sequelize> {
  /** The tenant. */
  readonly tenant: Tenant;
  /** The Sequelize: queries, transactions, and `models`, in the tenant. */
  readonly sequelize: Sequelize;
  /**
   * Returns a model whose queries run in the tenant. What is named in `include` stays the model itself.
   *
   * @example await acme.model(Note).findAll({ include: Author })
   */
  readonly model: <Model extends object>(model: Model) => Model;
  /**
   * Runs `fn` in the tenant: for what is done with records, such as `acme.run(() => note.save())`. They know
   * their tenant, not its connections.
   */
  readonly run: <T>(fn: () => T | PromiseLike<T>) => Promise<Awaited<T>>;
}

/**
 * Binds a Sequelize to one tenant.
 *
 * A second Sequelize for a tenant would take the models along, as each class knows one Sequelize. So it is
 * the same, and every call of it is made in the tenant's scope.
 */
export function bindSequelize<Sequelize extends SequelizeLike>(
  tenancy: Pick<Tenancy, "enter">,
  sequelize: Sequelize,
  handle: TenantHandle,
): BoundSequelize<Sequelize> {
  const { tenant } = handle;
  const scope = scopeOf(tenant);
  const inScope = (fn: () => unknown): unknown => tenancy.enter(scope, fn);
  const bind = <T extends object>(target: T): T =>
    new Proxy(target, {
      construct: (_target, args) => own(Reflect.construct(target as Constructor, args) as object),
      get(_target, property) {
        const value: unknown = Reflect.get(target, property, target);
        if (property === "models" && target === (sequelize as object))
          return bindAll(value as object);
        // ISOLATION: nothing of it runs in the ambient scope. leak/orm/sequelize.test.ts
        return isMethod(value)
          ? (...args: unknown[]) => bindModel(inScope(() => Reflect.apply(value, target, args)))
          : value;
      },
    });
  // ISOLATION: a record that is made here would be saved in whatever scope is in force there.
  // integration/orm/sequelize/records.test.ts
  const own = <T>(result: T): T => {
    for (const record of [result].flat() as unknown[]) {
      if (isNewRecord(record)) rememberOrigin(record, scope);
    }
    return result;
  };
  const bindModel = (result: unknown): unknown => (isModel(result) ? bind(result) : own(result));
  const bindAll = (models: object): object =>
    new Proxy(models, { get: (_target, name) => bindModel(Reflect.get(models, name)) });
  return { model: bind, run: (fn) => handle.run(fn), sequelize: bind(sequelize), tenant };
}

type Constructor = new (...args: unknown[]) => unknown;

function isNewRecord(value: unknown): value is object {
  return (value as { readonly isNewRecord?: unknown } | null | undefined)?.isNewRecord === true;
}

function isMethod(value: unknown): value is AnyMethod {
  return typeof value === "function" && !isClass(value);
}

function isClass(value: object): boolean {
  return Object.getOwnPropertyDescriptor(value, "prototype")?.writable === false;
}

/** Whether a method has returned another form of a model, as `scope` and `unscoped` do. */
function isModel(value: unknown): value is object {
  return typeof value === "function" && "associations" in value && isClass(value);
}
