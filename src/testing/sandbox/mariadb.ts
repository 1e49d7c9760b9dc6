import {
  createPool,
  type Pool,
  type PoolConfig,
  type PoolConnection,
  type QueryOptions,
} from "mariadb";
import type { Readable } from "node:stream";
import type { Driver } from "../../core/driver.ts";
import type { MariadbOptions } from "../../drivers/mariadb/options.ts";
import { type MysqlControl, mysqlControlOf } from "./mysql-control.ts";
import { MysqlRun, type Pinned } from "./mysql-run.ts";
import { notRemakeable } from "./not-remakeable.ts";
import { lateError } from "./call-run.ts";
import type { Sandbox, SandboxAbout, SandboxedDriver } from "./sandbox.ts";
import type { ChangeOptions } from "./sandbox-driver.ts";

/** As `mariadb` has it. */
const DEFAULT_LIMIT = 10;

/** What the driver puts before a statement to enter its scope. */
const ENTERS = /^use `(?:[^`]|``)+`; /;

/** `SERVER_STATUS_IN_TRANS` */
const IN_TRANSACTION = 1;

type Run = MysqlRun<PoolConnection>;

/** Makes a driver like the application's, whose pool can be put into a sandbox. */
export async function sandboxMariadb(
  original: Driver<Pool>,
  change: ChangeOptions,
): Promise<SandboxedDriver<Pool>> {
  const box = new MariadbSandbox();
  const driver = original.remake?.(<Options extends object>(options: Options): Options => {
    const changed: MariadbOptions = change(options);
    const create = (config: PoolConfig): Pool =>
      // One is everybody's; and who waits for its turn has one already.
      box.over(
        (changed.createPool ?? createPool)({
          ...config,
          connectionLimit: 2 * (config.connectionLimit ?? DEFAULT_LIMIT) + 1,
        }),
      );
    return { ...changed, createPool: create } as unknown as Options;
  });
  if (driver === undefined) throw notRemakeable(original.name);
  return {
    driver,
    open: (about) => {
      // It is made when it is first asked for anything.
      box.make = () => void driver.pool.escapeId("a");
      box.about = about;
      return box;
    },
  };
}

class MariadbSandbox implements Sandbox {
  make: () => void = () => undefined;
  about: SandboxAbout | undefined;
  #pool: Pool | undefined;
  #current: { readonly pinned: PoolConnection; readonly run: Run } | undefined;

  get isOpen(): boolean {
    return this.#current !== undefined;
  }

  /** Returns the library's pool, whose connections lead to another one while the sandbox is open. */
  over(pool: Pool): Pool {
    this.#pool = pool;
    const getConnection = async (): Promise<PoolConnection> => {
      if (this.about?.isLate() === true) throw lateError();
      // ISOLATION: who waits for a connection when the test ends gets one later, and belongs to the test
      // all the same. integration/testing/nothing-is-left.test.ts
      const current = this.#current;
      const connection = await pool.getConnection();
      return current === undefined
        ? connection
        : redirected(connection, current.pinned, current.run);
    };
    return new Proxy(pool, {
      get: (target, property) => {
        if (property === "getConnection") return getConnection;
        const value: unknown = Reflect.get(target, property, target);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
  }

  async begin(): Promise<{ end(): Promise<number> }> {
    this.make();
    const { about } = this;
    const pinned = await this.#pool?.getConnection();
    if (pinned === undefined || about === undefined) throw notRemakeable("mariadb");
    const run: Run = new MysqlRun(pinnedTo(pinned), about.logger, about.patience);
    await run.begin();
    this.#current = { pinned, run };
    return {
      end: async () => {
        this.#current = undefined;
        return await run.end();
      },
    };
  }
}

function pinnedTo(connection: PoolConnection): Pinned {
  return {
    close: () => connection.destroy(),
    send: (sql) => connection.query({ metaAsArray: false, rowsAsArray: false, sql }),
  };
}

/** Returns a connection whose statements run on another one. */
function redirected(connection: PoolConnection, pinned: PoolConnection, run: Run): PoolConnection {
  const info = infoOf(() => run.isOpen(party), pinned);
  const party: PoolConnection = new Proxy(connection, {
    get: (target, property) => {
      if (property === "info") return info;
      if (property in methods) return methods[property as keyof typeof methods];
      const value: unknown = Reflect.get(target, property, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  const add = <T>(
    control: MysqlControl,
    send: (text: string | undefined) => Promise<T>,
  ): Promise<T> =>
    new Promise((resolve, reject) => {
      const refuse: (error: Error) => void = reject;
      run.add({
        control,
        party,
        refuse,
        send: async (text, onDone) => {
          try {
            const value = await send(text);
            onDone();
            resolve(value);
            return true;
          } catch (error) {
            // The library's own, untouched.
            refuse(error as Error);
            return false;
          }
        },
      });
    });
  const end = async (kind: "commit" | "rollback"): Promise<void> => {
    // The library sends it only where there is something to end.
    if (!run.isOpen(party)) return;
    await add({ chains: false, kind }, (text) => pinned.query(text ?? "do 0"));
  };
  const methods = {
    batch: (sql: string | QueryOptions, values?: unknown) =>
      add({ kind: "none" }, () => pinned.batch(sql as string, values)),
    beginTransaction: () => add({ kind: "begin" }, (text) => pinned.query(text ?? "do 0")),
    commit: () => end("commit"),
    destroy: () => {
      run.abandon(party);
      connection.destroy();
    },
    prepare: async (sql: string | QueryOptions) => {
      const control = notControlling(mysqlControlOf(textOf(sql)));
      const prepared = await add(control, () => pinned.prepare(sql as string));
      return inTurn(prepared, (fn) => add({ kind: "none" }, fn));
    },
    query: (sql: string | QueryOptions, values?: unknown) => {
      const text = textOf(sql);
      const entering = ENTERS.exec(text)?.[0] ?? "";
      const control = mysqlControlOf(text.slice(entering.length));
      return add(control, (other) =>
        pinned.query(
          other === undefined ? (sql as string) : withText(sql, entering + other),
          values,
        ),
      );
    },
    queryStream: (sql: string | QueryOptions, values?: unknown) =>
      streamInTurn(
        () => pinned.queryStream(sql, values),
        (fn) => add(notControlling(mysqlControlOf(textOf(sql))), fn),
      ),
    // It would end the transaction: what is left in the session goes with the test.
    reset: () => Promise.resolve(),
    rollback: () => end("rollback"),
  };
  return party;
}

/** What the library knows of a session, with the transaction that the application knows of. */
function infoOf(isOpen: () => boolean, pinned: PoolConnection): object {
  return new Proxy(pinned.info as unknown as { status: number }, {
    get: (target, property) => {
      const value: unknown = Reflect.get(target, property, target);
      if (property === "status") {
        return ((value as number) & ~IN_TRANSACTION) | (isOpen() ? IN_TRANSACTION : 0);
      }
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

function textOf(sql: string | QueryOptions): string {
  return typeof sql === "string" ? sql : sql.sql;
}

function withText(sql: string | QueryOptions, text: string): string {
  return (typeof sql === "string" ? text : { ...sql, sql: text }) as string;
}

function notControlling(control: MysqlControl): MysqlControl {
  if (control.kind === "none" || control.kind === "refused") return control;
  return {
    fact: "A statement about transactions was prepared, or read as a stream.",
    kind: "refused",
  };
}

/** Makes a prepared statement wait for its turn each time that it runs. */
function inTurn<P extends object>(prepared: P, turn: <T>(fn: () => Promise<T>) => Promise<T>): P {
  return new Proxy(prepared, {
    get: (target, property) => {
      const value: unknown = Reflect.get(target, property, target);
      if (typeof value !== "function") return value;
      if (property === "execute") {
        return (...args: unknown[]) =>
          turn(() => Reflect.apply(value, target, args) as Promise<unknown>);
      }
      if (property === "executeStream") {
        return (...args: unknown[]) =>
          streamInTurn(() => Reflect.apply(value, target, args) as Readable, turn);
      }
      return value.bind(target);
    },
  });
}

/** Opens a stream when its turn has come, which ends with the stream. The driver waits for it. */
function streamInTurn(
  open: () => Readable,
  turn: <T>(fn: () => Promise<T>) => Promise<T>,
): Promise<Readable> {
  return new Promise((resolve, reject) => {
    turn(
      () =>
        new Promise<void>((done) => {
          const stream = open();
          stream
            .once("close", done)
            .once("end", done)
            .once("error", () => done());
          resolve(stream);
        }),
    ).catch(reject);
  });
}
