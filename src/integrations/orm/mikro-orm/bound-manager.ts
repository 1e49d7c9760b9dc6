import type {
  Configuration,
  Connection,
  Dialect,
  Driver,
  EntityManager,
  EntityManagerClass,
  MikroOrm,
} from "./peer.ts";
import { guardSchemaGenerator, SCHEMA_GENERATOR } from "./schema-generator.ts";

/**
 * Makes the entity manager that those of one tenant are forked from. It shares everything with the ORM's own
 * but the connections, and what names the schema.
 */
export function makeRoot(orm: MikroOrm, dialect: Dialect, schemaName: string): EntityManager {
  const { driver, em } = orm;
  const config: Configuration = boundConfig(orm, schemaName, () => root);
  const NewConnection = driver.connection.constructor as new (of: Configuration) => Connection;
  const connection = new NewConnection(orm.config);
  // ISOLATION: otherwise it is the application's pool, in the ambient scope. leak/orm/mikro-orm.test.ts
  connection.options.driverOptions = dialect;
  const own = Object.create(driver, {
    config: { value: config },
    connection: { value: connection },
  }) as Driver;
  const Manager = em.constructor as EntityManagerClass;
  const root = new Manager(config, own, em.metadata, false, em.getEventManager());
  return root;
}

/**
 * Makes a configuration that names the tenant's schema: MikroORM's migrations look there for their table,
 * and would look into the global schema.
 */
function boundConfig(
  { config }: MikroOrm,
  schemaName: string,
  rootOf: () => EntityManager,
): Configuration {
  const own: Pick<Configuration, "get" | "getExtension"> = {
    get: (name, ...rest) => (name === "schema" ? schemaName : config.get(name, ...rest)),
    getExtension(name) {
      const extension = config.getExtension(name);
      if (name !== SCHEMA_GENERATOR || extension === undefined) return extension;
      const Generator = extension.constructor as new (em: EntityManager) => object;
      return guardSchemaGenerator(new Generator(rootOf()));
    },
  };
  // It has private parts, which an heir would not have.
  return new Proxy(config, {
    get(of, property) {
      if (property in own) return own[property as keyof typeof own];
      const value: unknown = Reflect.get(of, property, of);
      return typeof value === "function" ? (value.bind(of) as unknown) : value;
    },
  });
}
