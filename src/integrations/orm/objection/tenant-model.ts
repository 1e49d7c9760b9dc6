import { rememberOrigin, tenantOf } from "../../../core/records.ts";
import { GLOBAL_SCOPE, scopeOf } from "../../../core/scope.ts";
import type { Tenancy } from "../../../core/tenancy.ts";
import { TenancyError } from "../../../errors/tenancy-error.ts";
import { builderGuard } from "./guarded-builder.ts";
import type { BuilderLike, ModelStatics, RecordLike } from "./peer.ts";
import { eachCopy } from "./record-graph.ts";

/** A `Model` class, so that `objection` stays an optional peer. */
// oxlint-disable-next-line typescript/no-explicit-any -- what TypeScript asks of a class that is extended
export type ModelClassLike = abstract new (...args: any[]) => object;

/**
 * Returns a subclass of an application's `Model` whose records remember the tenant that they were loaded
 * or saved in; `tenantOf(record)` tells it. A record that is used in another tenant is refused with
 * `WRONG_TENANT` before anything is sent: by `$query`, `$relatedQuery` and `$fetchGraph`, and where it is
 * given to `insert`, `patch`, `update`, `upsertGraph`, `relate` or `for`, alone or in a graph.
 *
 * The tenant of a query is that of its Knex: the bound one's of `forTenant`, a transaction's, or else the
 * ambient one. Models on a Knex that is not of `tenantKnex` are refused with `INVALID_CONFIG`.
 *
 * @throws TenancyError `UNSUPPORTED_PEER` for what is not Objection's `Model`
 * @example
 * class BaseModel extends tenantModel(tenancy, Model) {}
 * BaseModel.knex(knex);
 */
export function tenantModel<ModelClass extends ModelClassLike>(
  tenancy: Pick<Tenancy, "currentScope" | "enter">,
  Model: ModelClass,
): ModelClass {
  const Base = checkModel(Model);
  const guarding = builderGuard(tenancy);
  const guard = (builder: BuilderLike): BuilderLike => guarding.guard(builder);
  const watch = (builder: BuilderLike, input: unknown): BuilderLike =>
    guarding.watch(guard(builder), input);

  class TenantModel extends Base {
    static override query(...args: unknown[]): BuilderLike {
      return guard(super.query(...args));
    }

    static override relatedQuery(...args: unknown[]): BuilderLike {
      return guard(super.relatedQuery(...args));
    }

    static override fetchGraph(...args: unknown[]): BuilderLike {
      return watch(super.fetchGraph(...args), args[0]);
    }

    override $query(...args: unknown[]): BuilderLike {
      return watch(super.$query(...args), this);
    }

    override $relatedQuery(...args: unknown[]): BuilderLike {
      return watch(super.$relatedQuery(...args), this);
    }

    override $clone(...args: unknown[]): object {
      const copy = super.$clone(...args);
      eachCopy(this, copy, rememberAs);
      return copy;
    }
  }
  return TenantModel as unknown as ModelClass;
}

function rememberAs(record: object, copy: object): void {
  const tenant = tenantOf(record);
  if (tenant !== undefined) rememberOrigin(copy, tenant === null ? GLOBAL_SCOPE : scopeOf(tenant));
}

const STATICS = ["fetchGraph", "query", "relatedQuery"] as const;
const METHODS = ["$clone", "$query", "$relatedQuery"] as const;

function checkModel(Model: ModelClassLike): ModelStatics {
  const statics = Model as unknown as ModelStatics;
  const record = Model.prototype as Partial<RecordLike> | undefined;
  const isModel =
    statics.isObjectionModelClass &&
    STATICS.every((name) => typeof statics[name] === "function") &&
    METHODS.every((name) => typeof record?.[name] === "function");
  if (isModel) return statics;
  throw new TenancyError("UNSUPPORTED_PEER", "This is not the `Model` of Objection 3.");
}
