import { checkOrigin, rememberOrigin } from "../../../core/records.ts";
import type { Scope } from "../../../core/scope.ts";
import type {
  DataSource,
  EntityEvent,
  EntityManager,
  EntityManagerClass,
  Metadata,
  QueryRunner,
  Relation,
  Subscriber,
} from "./peer.ts";

/** Tells in which scope a query runner's queries are, or those of a manager without one. */
export type ScopeOf = (
  dataSource: DataSource,
  queryRunner: QueryRunner | undefined,
) => Scope | undefined;

/** Methods of an entity manager that write entities, with what they reach by relations. */
const PERSISTING = ["save", "remove", "softRemove", "recover"];
/** Methods that write by what they are given alone. */
const WRITING = [
  "insert",
  "update",
  "upsert",
  "delete",
  "softDelete",
  "restore",
  "increment",
  "decrement",
];

/**
 * Makes the subclass of an application's entity managers that refuses records of other tenants, before
 * anything is sent.
 *
 * ISOLATION: TypeORM looks a record up by its key before it saves it, and finds the other tenant's row of
 * that key. What is reached by relations counts too: it is written as well, or its key is.
 * integration/orm/typeorm/wrong-tenant.test.ts
 */
export function guardManager(base: EntityManagerClass, scopeOf: ScopeOf): EntityManagerClass {
  class TenantEntityManager extends base {}
  const override = (
    names: readonly string[],
    around: (manager: EntityManager, args: readonly unknown[], write: () => unknown) => unknown,
  ): void => {
    for (const name of names) {
      const original = base.prototype[name];
      if (original === undefined) continue;
      Object.defineProperty(TenantEntityManager.prototype, name, {
        configurable: true,
        value(this: EntityManager, ...args: unknown[]) {
          return around(this, args, () => original.apply(this, args));
        },
        writable: true,
      });
    }
  };
  override(PERSISTING, (manager, args, write) => persist(manager, scopeOf, args, write));
  override(WRITING, async ({ dataSource, queryRunner }, args, write) => {
    const scope = scopeOf(dataSource, queryRunner);
    for (const record of args.flat().filter(isRecord)) checkOrigin(record, scope, "its kind");
    return write();
  });
  return TenantEntityManager;
}

async function persist(
  { dataSource, queryRunner }: EntityManager,
  scopeOf: ScopeOf,
  args: readonly unknown[],
  write: () => unknown,
): Promise<unknown> {
  const isNamed = args.length > 1 && isTarget(args[0]);
  const given = [isNamed ? args[1] : args[0]].flat().filter(isRecord);
  const roots = given.flatMap((record): [object, Metadata][] => {
    const target: unknown = isNamed ? args[0] : record.constructor;
    // TypeORM says itself that it does not know it.
    return dataSource.hasMetadata(target) ? [[record, dataSource.getMetadata(target)]] : [];
  });
  const scope = scopeOf(dataSource, queryRunner);
  walk(roots, isAnyRelation, (record, { name }) => checkOrigin(record, scope, name));
  const result = await write();
  if (scope !== undefined) walk(roots, isCascade, (record) => rememberOrigin(record, scope));
  return result;
}

/**
 * Returns what hears of every entity that is loaded, and of those that are written past the manager: by
 * a query builder.
 */
export function originSubscriber(scopeOf: ScopeOf): Subscriber {
  const check = ({ entity, metadata, queryRunner }: EntityEvent): void => {
    if (!isRecord(entity)) return;
    checkOrigin(entity, scopeOf(queryRunner.dataSource, queryRunner), metadata.name);
  };
  return {
    afterLoad: (entity: object, { queryRunner }: EntityEvent) => {
      const scope = scopeOf(queryRunner.dataSource, queryRunner);
      if (scope !== undefined) rememberOrigin(entity, scope);
    },
    beforeInsert: check,
    beforeRecover: check,
    beforeRemove: check,
    beforeSoftRemove: check,
    beforeUpdate: check,
  };
}

/** Visits records, and what they reach by relations that are loaded, once each. */
function walk(
  roots: readonly [record: object, metadata: Metadata][],
  follows: (relation: Relation) => boolean,
  visit: (record: object, metadata: Metadata) => void,
): void {
  const seen = new Set<object>();
  const waiting = [...roots];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const [record, metadata] = next;
    if (seen.has(record)) continue;
    seen.add(record);
    visit(record, metadata);
    for (const relation of metadata.relations.filter(follows)) {
      // `false`: a lazy relation that is not loaded would be loaded by being looked at.
      const related = [relation.getEntityValue(record, false)].flat().filter(isRecord);
      waiting.push(
        ...related.map((each): [object, Metadata] => [each, relation.inverseEntityMetadata]),
      );
    }
  }
}

function isAnyRelation(): boolean {
  return true;
}

function isCascade({ isCascadeInsert, isCascadeUpdate }: Relation): boolean {
  return isCascadeInsert || isCascadeUpdate;
}

function isRecord(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

/** Whether an argument names entities, as TypeORM tells it from an entity. */
function isTarget(value: unknown): boolean {
  if (typeof value === "function" || typeof value === "string") return true;
  const brand = isRecord(value) && (value as { "@instanceof"?: unknown })["@instanceof"];
  return brand === Symbol.for("EntitySchema");
}
