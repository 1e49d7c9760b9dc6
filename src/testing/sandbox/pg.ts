import type pgModule from "pg";
import type { Pool } from "pg";
import type { Driver } from "../../core/driver.ts";
import type { PgOptions } from "../../drivers/pg/options.ts";
import type { PgClient, Submittable } from "../../drivers/pg/peer.ts";
import type { TenantPool } from "../../drivers/pg/tenant-pool.ts";
import { notRemakeable } from "./not-remakeable.ts";
import { PgRun } from "./pg-run.ts";
import { lateError } from "./call-run.ts";
import type { Sandbox, SandboxAbout, SandboxedDriver } from "./sandbox.ts";
import { outsideCallTrees } from "./scheduler.ts";

/** A connection of the pool, whose statements may run on another one. */
export interface SandboxClient extends PgClient {
  /** The sandbox that it was handed out in. */
  sandbox: PgRun | undefined;
  /** Sends a statement on this very connection. */
  send(query: unknown, ...rest: unknown[]): unknown;
  /** What the server says of the transaction on this very connection. */
  serverStatus(): ReturnType<PgClient["getTransactionStatus"]>;
}

/** What of `pg.Client` is built on. */
interface BaseClient {
  new (config?: object): {
    query(...args: unknown[]): unknown;
    getTransactionStatus(): ReturnType<PgClient["getTransactionStatus"]>;
    end(callback?: unknown): unknown;
  };
}

/** Makes a driver like the application's, whose pool can be put into a sandbox. */
export async function sandboxPg(
  original: Driver<Pool>,
  change: <Options extends object>(options: Options) => Options,
): Promise<SandboxedDriver<Pool>> {
  const pg = (await import("pg")).default;
  let used = pg;
  const box: Box = { about: undefined, held: new Set(), pool: undefined, run: undefined };
  const driver = original.remake?.(<Options extends object>(options: Options): Options => {
    const given = options as PgOptions;
    used = given.pg ?? pg;
    const { Client = used.Client } = given as { readonly Client?: typeof pgModule.Client };
    const Pool = poolClass(used.Pool, box);
    const own = {
      // A test that forgets to close its tenancy does not hold up its process.
      allowExitOnIdle: true,
      // One that takes more connections than there are is told, and not left waiting.
      connectionTimeoutMillis: CONNECTION_TIMEOUT_MS,
      ...change(given),
      Client: sandboxClass(Client, used),
      // One is everybody's; and who waits for its turn has one already.
      max: 2 * (given.max ?? DEFAULT_MAX) + 1,
      pg: Object.create(used, { Pool: { value: Pool } }) as typeof pgModule,
    };
    return own as unknown as Options;
  });
  if (driver === undefined) throw notRemakeable(original.name);
  return {
    driver,
    open: (about) => openSandbox(Object.assign(box, { about, pool: driver.pool as TenantPool })),
  };
}

/** As `pg` has it. */
const DEFAULT_MAX = 10;
const CONNECTION_TIMEOUT_MS = 15_000;

/** What the pool of one driver and its sandbox share. */
interface Box {
  pool: TenantPool | undefined;
  about: SandboxAbout | undefined;
  run: PgRun | undefined;
  /** Clients that somebody has. */
  readonly held: Set<SandboxClient>;
}

function openSandbox(box: Box & { about: SandboxAbout; pool: TenantPool }): Sandbox {
  const { about, held, pool } = box;
  pool.on("release", (_error, client) => held.delete(client as unknown as SandboxClient));
  return {
    async begin() {
      const borrowed = await outsideCallTrees(() => pool.borrow());
      const begun = new PgRun(borrowed.client as SandboxClient, about.logger, about.patience);
      await begun.begin();
      box.run = begun;
      return {
        end: async () => {
          box.run = undefined;
          try {
            return await begun.end();
          } finally {
            await borrowed.giveBack(begun.isLost);
            // What a test forgets does not hold up its process.
            for (const client of held) client.connection.stream.unref?.();
          }
        },
      };
    },
    get isOpen() {
      return box.run !== undefined;
    },
  };
}

type Taken = (error: Error | undefined, client?: SandboxClient, ...rest: unknown[]) => void;
type BasePoolClass = new (config?: object) => { connect(callback: Taken): unknown };

/** Makes the subclass of one copy of `pg.Pool` whose clients are in the sandbox that there is. */
function poolClass(Base: BasePoolClass, box: Box): BasePoolClass {
  return class Sandboxed extends Base {
    override connect(callback: Taken): unknown {
      // Connections apart are those of sessions.
      if ((this as unknown) !== box.pool) return super.connect(callback);
      if (box.about?.isLate() === true) return process.nextTick(callback, lateError());
      // ISOLATION: who waits for a client when the test ends gets one later, and belongs to the test all
      // the same. integration/testing/nothing-is-left.test.ts
      const { run } = box;
      return super.connect((error, client, ...rest) => {
        if (client !== undefined) {
          client.sandbox = run;
          box.held.add(client);
        }
        callback(error, client, ...rest);
      });
    }
  };
}

/** Makes the subclass of one copy of `pg.Client` whose statements a sandbox may take over. */
function sandboxClass(Client: typeof pgModule.Client, { Query }: typeof pgModule): typeof Client {
  const Base = Client as unknown as BaseClient;
  class Sandboxed extends Base {
    sandbox: PgRun | undefined;

    override query(...args: unknown[]): unknown {
      const { sandbox } = this;
      if (sandbox === undefined) return super.query(...args);
      const [first, second, third] = args;
      const self = this as unknown as SandboxClient;
      if (typeof (first as Submittable | null)?.submit === "function") {
        const query = first as Submittable;
        query.callback ??= [second, third].find((it) => typeof it === "function") as never;
        sandbox.add(self, query);
        return query;
      }
      const query = new (Query as unknown as new (...args: unknown[]) => Submittable)(...args);
      if (query.callback) {
        sandbox.add(self, query);
        return undefined;
      }
      return new Promise((resolve, reject) => {
        query.callback = (error, result) => (error ? reject(error) : resolve(result));
        sandbox.add(self, query);
      });
    }

    override getTransactionStatus(): ReturnType<PgClient["getTransactionStatus"]> {
      return this.sandbox === undefined
        ? super.getTransactionStatus()
        : this.sandbox.statusOf(this as unknown as SandboxClient);
    }

    override end(callback?: unknown): unknown {
      this.sandbox?.abandon(this as unknown as SandboxClient);
      this.sandbox = undefined;
      return super.end(callback);
    }

    send(...args: unknown[]): unknown {
      return super.query(...args);
    }

    serverStatus(): ReturnType<PgClient["getTransactionStatus"]> {
      return super.getTransactionStatus();
    }
  }
  return Sandboxed as unknown as typeof Client;
}
