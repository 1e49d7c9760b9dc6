import { checkOrigin, rememberOrigin, tenantOf } from "../../../core/records.ts";
import type { Scope } from "../../../core/scope.ts";
import type { Tenancy } from "../../../core/tenancy.ts";
import { TenancyError } from "../../../errors/tenancy-error.ts";
import { type KnexScope, scopeOfKnex } from "../common/knex-scopes.ts";
import type { BuilderClass, BuilderLike } from "./peer.ts";
import { eachResult, recordsIn } from "./record-graph.ts";

/** Methods of a query that are called with records. */
const INPUTS = [
  "for",
  "insert",
  "insertAndFetch",
  "insertGraph",
  "insertGraphAndFetch",
  "patch",
  "patchAndFetch",
  "patchAndFetchById",
  "relate",
  "update",
  "updateAndFetch",
  "updateAndFetchById",
  "upsertGraph",
  "upsertGraphAndFetch",
] as const;

/** Makes the queries of one tenancy's models look at the records that they are given. */
export interface BuilderGuard {
  /** Guards a query, once. */
  guard(builder: BuilderLike): BuilderLike;
  /** Has a guarded query look at a record, or at what holds some, when it runs. */
  watch(builder: BuilderLike, input: unknown): BuilderLike;
}

/** What a query was given. Copies share it with what they are copies of, up to the copy. */
type Inputs = readonly unknown[];

/**
 * Makes the guard of one tenancy.
 *
 * A query that is guarded is of a subclass of its own class, so that copies of it are too, and no operation
 * is added to it: one that has none is joined as a table, and not as a subselect.
 */
export function builderGuard(tenancy: Pick<Tenancy, "currentScope" | "enter">): BuilderGuard {
  const classes = new WeakMap<object, BuilderClass>();
  const guarded = new WeakSet<object>();
  const inputs = new WeakMap<object, Inputs>();

  const watch = (builder: BuilderLike, input: unknown): BuilderLike => {
    inputs.set(builder, [...(inputs.get(builder) ?? []), input]);
    return builder;
  };

  const execute = async (builder: BuilderLike, run: () => Promise<unknown>): Promise<unknown> => {
    const ambient = tenancy.currentScope();
    const at = await scopeOfBuilder(builder, tenancy);
    const scope = at === "ambient" ? ambient : at;
    // ISOLATION: the record's key is another customer's row here. integration/orm/objection/wrong-tenant.test.ts
    for (const record of recordsIn(inputs.get(builder))) {
      checkOrigin(record, scope, record.constructor.name);
    }
    // ISOLATION: hooks run before the query is sent, and `putTenant` may change the scope meanwhile.
    // integration/orm/objection/wrong-tenant.test.ts
    const result = await tenancy.enter(ambient ?? { kind: "unknown" }, run);
    if (scope !== undefined) rememberAll(result, scope);
    return result;
  };

  const subclass = (Base: BuilderClass): BuilderClass => {
    class Guarded extends Base {
      override clone(): BuilderLike {
        const copy = super.clone();
        inputs.set(copy, inputs.get(this) ?? []);
        return copy;
      }

      override execute(): Promise<unknown> {
        return execute(this, () => super.execute());
      }
    }
    for (const name of INPUTS) {
      const method = (Base.prototype as Readonly<Record<string, unknown>>)[name];
      if (typeof method !== "function") continue;
      Object.defineProperty(Guarded.prototype, name, {
        configurable: true,
        value(this: BuilderLike, ...args: unknown[]): unknown {
          watch(this, args);
          return Reflect.apply(method, this, args);
        },
        writable: true,
      });
    }
    guarded.add(Guarded);
    return Guarded;
  };

  return {
    guard: (builder) => {
      const own = builder.constructor as BuilderClass;
      if (guarded.has(own)) return builder;
      let guardedClass = classes.get(own);
      if (guardedClass === undefined) classes.set(own, (guardedClass = subclass(own)));
      return Object.setPrototypeOf(builder, guardedClass.prototype as object) as BuilderLike;
    },
    watch,
  };
}

async function scopeOfBuilder(builder: BuilderLike, tenancy: object): Promise<KnexScope> {
  const scope = await scopeOfKnex(builder.knex(), tenancy);
  // ISOLATION: another Knex is in no scope. integration/orm/objection/wrong-tenant.test.ts
  if (scope === undefined) {
    throw new TenancyError("INVALID_CONFIG", "A model's Knex does not use the tenancy's pool.", {
      remedy: "Give the models the Knex that `tenantKnex` returns for this tenancy.",
    });
  }
  return scope;
}

function rememberAll(result: unknown, scope: Scope): void {
  const own = scope.kind === "tenant" ? scope.tenant : null;
  eachResult(result, (record) => {
    // Queries for relations have remembered theirs.
    if (tenantOf(record) === own) return false;
    rememberOrigin(record, scope);
    return true;
  });
}
