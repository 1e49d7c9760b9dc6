import { checkOrigin } from "../../../core/records.ts";
import type { Scope } from "../../../core/scope.ts";
import type { Entity } from "./peer.ts";

/** Refuses an entity of another scope. */
export function checkEntity(entity: Entity, scope: Scope | undefined): void {
  checkOrigin(entity, scope, entity.__meta?.className ?? "its kind");
}

/**
 * Refuses entities of another scope among arguments, and in data and conditions.
 *
 * ISOLATION: whatever refers to an entity is written with its key, which is another row's here.
 * integration/orm/mikro-orm/wrong-tenant.test.ts
 */
export function checkData(args: readonly unknown[], scope: Scope | undefined): void {
  for (const entity of args.flatMap(entitiesIn)) {
    checkEntity(entity, scope);
    if (entity.__meta !== undefined) continue;
    for (const each of Object.values(entity).flatMap(entitiesIn)) checkEntity(each, scope);
  }
}

/** Returns the entities in a value of a property, or in an argument. */
export function entitiesIn(value: unknown): Entity[] {
  if (typeof value !== "object" || value === null) return [];
  const { getItems, unwrap } = value as {
    getItems?: (check: boolean) => Entity[];
    unwrap?: () => Entity;
  };
  if (typeof getItems === "function") return getItems.call(value, false);
  if (typeof unwrap === "function") return [unwrap.call(value)];
  if (Array.isArray(value) || value instanceof Set) return [...value].flatMap(entitiesIn);
  return [value];
}
