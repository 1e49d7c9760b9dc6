import { checkOrigin, rememberOrigin } from "../../../core/records.ts";
import type { Scope } from "../../../core/scope.ts";
import type {
  DataSource,
  EntityEvent,
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

/**
 * Returns what hears of every entity that is loaded, and of those that are written past the manager: by
 * a query builder.
 */
export function originSubscriber(scopeOf: ScopeOf): Subscriber {
  const check = ({ entity, metadata, queryRunner }: EntityEvent): void => {
    if (!isRecord(entity)) return;
    checkWithRelated(entity, metadata, scopeOf(queryRunner.dataSource, queryRunner));
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

/**
 * Refuses a record of another scope, or values or a condition that refer to one.
 *
 * ISOLATION: whatever refers to a record is written with its key, which is another row's here.
 * integration/orm/typeorm/wrong-tenant.test.ts
 */
export function checkWithRelated(
  record: object,
  metadata: Metadata | undefined,
  scope: Scope | undefined,
): void {
  checkOrigin(record, scope, metadata?.name ?? "its kind");
  for (const relation of metadata?.relations ?? []) {
    for (const each of relatedTo(record, relation)) {
      checkOrigin(each, scope, relation.inverseEntityMetadata.name);
    }
  }
}

/** Returns what a record reaches by a relation. */
export function relatedTo(record: object, relation: Relation): object[] {
  // `false`: a lazy relation that is not loaded would be loaded by being looked at.
  return [relation.getEntityValue(record, false)].flat().filter(isRecord);
}

/** Whether a value may be a record. */
export function isRecord(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
