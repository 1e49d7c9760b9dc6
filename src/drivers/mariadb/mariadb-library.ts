import { createPool, type Pool, type PoolConfig } from "mariadb";
import type { DriverHost } from "../../core/driver.ts";
import { outsideScope } from "../../core/scope.ts";
import type { ClientLibrary, TenantPool, Wires } from "../mysql/client-library.ts";
import type { ServerAddress } from "../mysql/shell.ts";
import { WirePool } from "../mysql/wire-pool.ts";
import { MariadbTenantPool } from "./tenant-pool.ts";
import { openWire } from "./wire.ts";

/** The `mariadb` package, as the MySQL driver uses it. */
export class MariadbLibrary implements ClientLibrary<Pool> {
  readonly name = "mariadb";
  readonly #config: PoolConfig;
  readonly #createPool: (config: PoolConfig) => Pool;

  constructor(config: PoolConfig, create: (config: PoolConfig) => Pool = createPool) {
    this.#config = config;
    this.#createPool = create;
  }

  get database(): string | undefined {
    return this.#config.database;
  }

  get address(): ServerAddress {
    const { host, password, port, socketPath, ssl, user } = this.#config;
    const isUnchecked = typeof ssl === "object" && ssl.rejectUnauthorized === false;
    const security = isUnchecked ? "unchecked" : "checked";
    return { host, password, port, socketPath, ssl: ssl ? security : undefined, user };
  }

  createPool(host: DriverHost): TenantPool<Pool> {
    return new MariadbTenantPool(this.#createPool, this.#config, host);
  }

  createWires(max: number): Wires {
    return new WirePool(() => outsideScope(() => openWire(this.#config)), max);
  }

  createBatchWires(max: number): Wires {
    return new WirePool(() => outsideScope(() => openWire(this.#config, true)), max);
  }
}
