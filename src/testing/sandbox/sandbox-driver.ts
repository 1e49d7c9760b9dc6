import type { Driver } from "../../core/driver.ts";
import { notRemakeable } from "./not-remakeable.ts";
import type { SandboxedDriver } from "./sandbox.ts";

/** Changes the options of a driver. */
export type ChangeOptions = <Options extends object>(options: Options) => Options;

type Make<Pool> = (driver: Driver<Pool>, change: ChangeOptions) => Promise<SandboxedDriver<Pool>>;

/** Loads what is needed alone: an application has one client library. */
const SANDBOXES: Readonly<Record<string, () => Promise<unknown>>> = {
  mariadb: async () => (await import("./mariadb.ts")).sandboxMariadb,
  mysql2: async () => (await import("./mysql2.ts")).sandboxMysql2,
  pg: async () => (await import("./pg.ts")).sandboxPg,
  pglite: async () => (await import("./pglite.ts")).sandboxPglite,
};

/** Makes a driver like the application's, whose queries can be made to run in one transaction. */
export async function sandboxDriver<Pool>(
  driver: Driver<Pool>,
  change: ChangeOptions,
): Promise<SandboxedDriver<Pool>> {
  const load = SANDBOXES[driver.name];
  if (load === undefined) throw notRemakeable(driver.name);
  const make = (await load()) as Make<Pool>;
  return await make(driver, change);
}
