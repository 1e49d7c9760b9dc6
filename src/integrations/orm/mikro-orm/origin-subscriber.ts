import { rememberOrigin } from "../../../core/records.ts";
import type { Scope } from "../../../core/scope.ts";
import { checkEntity, entitiesIn } from "./entities.ts";
import type { Managers } from "./managers.ts";
import type { Entity, EntityEvent, EntityManager, FlushEvent, Subscriber } from "./peer.ts";

/**
 * Returns what notes where entities come from, and looks at all that is to be written, with what it refers
 * to, before anything is.
 */
export function originSubscriber(managers: Managers): Subscriber {
  const scopeOf = (em: EntityManager): Scope | undefined =>
    managers.ownerOf(em)?.scope ?? managers.scopeNow();
  const remember = ({ em, entity }: EntityEvent): void => {
    const scope = scopeOf(em);
    if (scope !== undefined) rememberOrigin(entity, scope);
  };
  return {
    afterCreate: remember,
    afterUpsert: remember,
    // ISOLATION: a new record that refers to another tenant's would get its key.
    // integration/orm/mikro-orm/wrong-tenant.test.ts
    onFlush: ({ em, uow }: FlushEvent) => {
      const scope = scopeOf(em);
      // Also what is not to be written this time: whatever is in the map is this tenant's.
      for (const entities of [uow.getPersistStack(), uow.getIdentityMap()]) {
        for (const entity of entities) {
          for (const each of [entity, ...relatedTo(entity)]) checkEntity(each, scope);
        }
      }
    },
    // When it is made: loaded, referred to or new.
    onInit: remember,
  };
}

function relatedTo(entity: Entity): Entity[] {
  const relations = entity.__meta?.relations ?? [];
  return relations.flatMap(({ name }) => entitiesIn((entity as Record<string, unknown>)[name]));
}
