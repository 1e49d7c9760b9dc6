import type { Scope } from "../../../core/scope.ts";
import { loadFromOrigin } from "./lazy-relations.ts";
import type { DataSource, Driver, OrmTenancy, RelationLoader } from "./peer.ts";

/** A data source whose queries run in one scope. */
export interface BoundSource {
  /** Shares everything with the application's own but the pool. */
  readonly dataSource: DataSource;
  /** Loads relations in this scope, wherever the entities came from. */
  readonly load: RelationLoader["load"];
}

/** The data sources of an application, one for each scope that is asked for. */
export class BoundSources {
  readonly #dataSource: DataSource;
  readonly #scopes = new WeakMap<DataSource, Scope>();
  /** By bound pool, of which there is one for each scope that is still known. */
  readonly #sources = new WeakMap<object, BoundSource>();
  readonly #tenancy: OrmTenancy;

  constructor(tenancy: OrmTenancy, dataSource: DataSource) {
    this.#tenancy = tenancy;
    this.#dataSource = dataSource;
  }

  /** Returns the scope that a data source is bound to. */
  scopeOf(dataSource: DataSource): Scope | undefined {
    return this.#scopes.get(dataSource);
  }

  /** Returns the data source of a scope: a few objects, and no connection. */
  of(scope: Scope): BoundSource {
    const { pool, schemaName } = this.#tenancy.bindPool(scope);
    let source = this.#sources.get(pool as object);
    if (source === undefined) {
      source = this.#make(pool, schemaName);
      this.#sources.set(pool as object, source);
      this.#scopes.set(source.dataSource, scope);
    }
    return source;
  }

  #make(pool: unknown, schemaName: string): BoundSource {
    const own = this.#dataSource;
    const dataSource = Object.create(own) as DataSource;
    // ISOLATION: whatever makes a query runner from this data source takes its connection from the bound
    // pool. leak/orm/typeorm.test.ts
    dataSource.driver = Object.create(own.driver, {
      // TypeORM names tables by them where it makes them.
      database: { value: own.options["type"] === "postgres" ? own.driver.database : schemaName },
      dataSource: { value: dataSource },
      master: { value: pool },
      pool: { value: pool },
      schema: { value: schemaName },
      searchSchema: { value: schemaName },
    }) as Driver;
    const Loader = own.relationLoader.constructor as new (of: DataSource) => RelationLoader;
    const loader = new Loader(dataSource);
    const load = loader.load.bind(loader);
    loader.load = loadFromOrigin(loader, (scope) => this.of(scope).load);
    dataSource.relationLoader = loader;
    dataSource.destroy = () => Promise.resolve();
    dataSource.manager = dataSource.createEntityManager();
    return { dataSource, load };
  }
}
