import { checkOrigin, rememberOrigin } from "../../../core/records.ts";
import type { Scope } from "../../../core/scope.ts";
import type { Tenancy } from "../../../core/tenancy.ts";
import { TenancyError } from "../../../errors/tenancy-error.ts";
import type {
  AnyMethod,
  Association,
  ModelClass,
  QueryOptions,
  SequelizeInternals,
} from "./peer.ts";
import type { ScopedConnections } from "./scoped-connections.ts";

/** What records do with the database. */
const RECORD_METHODS = ["decrement", "destroy", "increment", "reload", "restore", "save"];
/** What a model does in several steps, or builds records of, or writes those that it is given. */
const MODEL_METHODS = [
  "bulkCreate",
  "create",
  "destroy",
  "findAll",
  "findAndCountAll",
  "findOrCreate",
  "update",
  "upsert",
];
/** What makes relations, and what relations do with records. */
const RELATES = ["belongsTo", "belongsToMany", "hasMany", "hasOne"];
const RELATION_METHODS = ["add", "count", "create", "get", "has", "remove", "set"];

/**
 * Makes a Sequelize's records remember their tenant, and refuses them in another one's scope.
 *
 * Hooks alone do not see all: `hooks: false`, `increment`, `reload` and `addBook` have none. So the classes'
 * own methods are watched; a hook looks at every query as it is sent, on which connection it will be.
 */
export class Records {
  readonly #sequelize: SequelizeInternals;
  readonly #tenancy: Tenancy;
  readonly #connections: ScopedConnections;
  readonly #watched = new WeakSet<object>();

  constructor(sequelize: SequelizeInternals, tenancy: Tenancy, connections: ScopedConnections) {
    this.#sequelize = sequelize;
    this.#tenancy = tenancy;
    this.#connections = connections;
    this.#pin(sequelize, "query");
    for (const model of Object.values(sequelize.models) as ModelClass[]) this.#watch(model);
    sequelize.addHook("afterDefine", (model: ModelClass) => this.#watch(model));
    sequelize.addHook("beforeQuery", (options: QueryOptions, query: { connection: object }) => {
      this.#checkQuery(options, query.connection);
    });
  }

  #checkQuery({ completesTransaction, instance }: QueryOptions, connection: object): void {
    const scope = this.#connections.scopeOf(connection);
    if (scope === undefined) {
      throw new TenancyError("WRONG_TENANT", "A transaction of another Sequelize was used.");
    }
    if (completesTransaction === true) return;
    // ISOLATION: a transaction that is passed on, or found by `Sequelize.useCLS`, is that of its own
    // tenant, whatever the scope. integration/orm/sequelize/transactions.test.ts
    const current = this.#tenancy.currentScope();
    if (current !== undefined && !isSame(current, scope)) {
      throw new TenancyError("WRONG_TENANT", "A transaction was used in another scope.", {
        remedy: "Begin a transaction in the scope that its queries run in.",
      });
    }
    if (instance !== undefined) checkOrigin(instance, scope, instance.constructor.name);
  }

  /**
   * Calls `fn` in the scope in force, until its end.
   *
   * ISOLATION: `putTenant` may change the scope while a hook runs or an answer is awaited. What was checked
   * would be written in another tenant, and what was read be taken for another's.
   * integration/orm/sequelize/records.test.ts
   */
  #pinned<T>(fn: () => T): T {
    return this.#tenancy.enter(this.#tenancy.currentScope() ?? { kind: "unknown" }, fn);
  }

  #pin(target: object, name: string): void {
    const pinned = <T>(fn: () => T): T => this.#pinned(fn);
    wrap(target, name, (method) => {
      return function inOneScope(this: unknown, ...args: unknown[]) {
        return pinned((): unknown => Reflect.apply(method, this, args));
      };
    });
  }

  #watch(model: ModelClass): void {
    if (this.#watched.has(model)) return;
    this.#watched.add(model);
    this.#watchBuilding(model);
    for (const name of MODEL_METHODS) this.#pin(model, name);
    for (const name of RECORD_METHODS) this.#watchRecords(model, name);
    for (const name of RELATES) this.#watchRelating(model, name);
    for (const association of Object.values(model.associations)) this.#watchRelation(association);
  }

  /** Every record that is read is built here, also those that are included. */
  #watchBuilding(model: ModelClass): void {
    const remember = (record: unknown, options?: QueryOptions): void => {
      this.#remember(record, options);
    };
    wrap(model, "build", (build) => {
      return function buildRecord(this: unknown, values: unknown, options?: BuildOptions) {
        const built: unknown = Reflect.apply(build, this, [values, options]);
        if (options?.isNewRecord === false) remember(built);
        return built;
      };
    });
    for (const name of ["bulkCreate", "upsert"]) {
      wrap(model, name, (make) => {
        return async function makeRecords(this: unknown, ...args: [unknown, QueryOptions?]) {
          const made: unknown = await Reflect.apply(make, this, args);
          for (const record of Array.isArray(made) ? made : []) remember(record, args[1]);
          return made;
        };
      });
    }
  }

  #watchRecords(model: ModelClass, name: string): void {
    const check = (record: object, options?: QueryOptions): void => {
      checkOrigin(record, this.#scopeOf(options), model.name);
    };
    const remember = (record: object, options?: QueryOptions): void => {
      this.#remember(record, options);
    };
    const isCount = name === "increment" || name === "decrement";
    wrap(model.prototype, name, (method) => {
      return async function onRecord(this: object, ...args: unknown[]) {
        const options = (isCount ? args[1] : args[0]) as QueryOptions | undefined;
        // ISOLATION: the same keys are other rows in another tenant. integration/orm/sequelize/records.test.ts
        check(this, options);
        const result: unknown = await Reflect.apply(method, this, args);
        remember(this, options);
        return result;
      };
    });
    this.#pin(model.prototype, name);
  }

  #watchRelating(model: ModelClass, name: string): void {
    const watch = (association: unknown): void => this.#watchRelation(association as Association);
    wrap(model, name, (relate) => {
      return function relating(this: unknown, ...args: unknown[]) {
        const association: unknown = Reflect.apply(relate, this, args);
        watch(association);
        return association;
      };
    });
  }

  #watchRelation(association: Association): void {
    if (this.#watched.has(association)) return;
    this.#watched.add(association);
    const check = (...args: unknown[]): void => {
      // Which of them are its options is another one for each method.
      const scope = this.#scopeOf(args.slice(1).find(isInTransaction));
      for (const record of [args[0], args[1]].flat()) {
        if (typeof record === "object" && record !== null) {
          checkOrigin(record, scope, record.constructor?.name ?? "a model");
        }
      }
    };
    for (const name of RELATION_METHODS) {
      if (typeof association[name] !== "function") continue;
      wrap(association, name, (method) => {
        return async function onRelation(this: unknown, ...args: unknown[]) {
          // ISOLATION: keys of one tenant's records name other rows in another one's tables.
          // integration/orm/sequelize/records.test.ts
          check(...args);
          return (await Reflect.apply(method, this, args)) as unknown;
        };
      });
      this.#pin(association, name);
    }
  }

  #remember(record: unknown, options?: QueryOptions): void {
    const scope = this.#scopeOf(options);
    if (typeof record === "object" && record !== null && scope !== undefined) {
      rememberOrigin(record, scope);
    }
  }

  /** The scope of a call: the ambient one, or that of its transaction, which must be the same. */
  #scopeOf(options: QueryOptions | undefined): Scope | undefined {
    const { _cls } = this.#sequelize.constructor as { readonly _cls?: Namespace };
    const transaction = options?.transaction ?? (_cls?.get("transaction") as Transaction);
    const own = transaction?.connection && this.#connections.scopeOf(transaction.connection);
    return this.#tenancy.currentScope() ?? own;
  }
}

/** Where `Sequelize.useCLS` keeps the transaction of a managed one's callback. */
interface Namespace {
  get(key: string): unknown;
}

type Transaction = QueryOptions["transaction"];

function isInTransaction(value: unknown): value is QueryOptions {
  return typeof value === "object" && value !== null && "transaction" in value;
}

interface BuildOptions {
  readonly isNewRecord?: boolean;
}

/** Puts a method of an object around the one that it has, or inherits. */
function wrap(target: object, name: string, around: (method: AnyMethod) => AnyMethod): void {
  const method = (target as Record<string, AnyMethod | undefined>)[name];
  if (method === undefined) return;
  const value = around(method);
  Object.defineProperty(target, name, { configurable: true, value, writable: true });
}

function isSame(one: Scope, other: Scope): boolean {
  if (one.kind === "global" || other.kind === "global") return one.kind === other.kind;
  return one.tenant.id === other.tenant.id && one.tenant.schemaName === other.tenant.schemaName;
}
