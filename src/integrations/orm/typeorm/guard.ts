import { checkOrigin, rememberOrigin } from "../../../core/records.ts";
import type { Scope } from "../../../core/scope.ts";
import { checkWithRelated, isRecord, relatedTo, type ScopeOf } from "./origin-subscriber.ts";
import type { EntityManager, EntityManagerClass, Metadata, Relation } from "./peer.ts";

/** Methods of an entity manager that write entities, with what they reach by relations. */
const PERSISTING = ["save", "remove", "softRemove", "recover"];
/** Methods that write by what they are given alone: values, and conditions. */
const WRITING = ["update", "preload", "delete", "softDelete", "restore", "increment", "decrement"];
/** Methods of those that give their values the keys of the new rows. */
const INSERTING = ["insert", "upsert"];

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
  const check = (
    { dataSource, queryRunner }: EntityManager,
    [target, ...args]: readonly unknown[],
  ): Scope | undefined => {
    const scope = scopeOf(dataSource, queryRunner);
    const metadata = dataSource.hasMetadata(target) ? dataSource.getMetadata(target) : undefined;
    for (const record of args.flat().filter(isRecord)) checkWithRelated(record, metadata, scope);
    return scope;
  };
  override(WRITING, async (manager, args, write) => {
    check(manager, args);
    return write();
  });
  override(INSERTING, async (manager, args, write) => {
    const scope = check(manager, args);
    const result = await write();
    for (const record of [args[1]].flat().filter(isRecord)) {
      if (scope !== undefined) rememberOrigin(record, scope);
    }
    return result;
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
  // TypeORM waits as long, for promises that were assigned to lazy relations.
  await Promise.resolve();
  const scope = scopeOf(dataSource, queryRunner);
  walk(roots, isAnyRelation, (record, { name }) => checkOrigin(record, scope, name));
  const result = await write();
  if (scope !== undefined) walk(roots, isCascade, (record) => rememberOrigin(record, scope));
  return result;
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
    // An heir of the entity that was named may have more relations.
    const own = metadata.findInheritanceMetadata(record);
    visit(record, own);
    for (const relation of own.relations.filter(follows)) {
      const related = relatedTo(record, relation);
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

/** Whether an argument names entities, as TypeORM tells it from an entity. */
function isTarget(value: unknown): boolean {
  if (typeof value === "function" || typeof value === "string") return true;
  const brand = isRecord(value) && (value as { "@instanceof"?: unknown })["@instanceof"];
  return brand === Symbol.for("EntitySchema");
}
