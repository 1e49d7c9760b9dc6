import mysqlModule from "mysql2";
import type { Pool, PoolOptions } from "mysql2";
import type { Driver } from "../../core/driver.ts";
import { toWireOptions } from "../../drivers/mysql2/library.ts";
import { type Mysql2Options, toPoolOptions } from "../../drivers/mysql2/options.ts";
import type {
  BasePool,
  ClientModule,
  Command,
  RawConnection,
  TakeCallback,
} from "../../drivers/mysql2/peer.ts";
import type { TenancyError } from "../../errors/tenancy-error.ts";
import { mysqlControlOf } from "./mysql-control.ts";
import { MysqlRun, type Pinned } from "./mysql-run.ts";
import { notRemakeable } from "./not-remakeable.ts";
import { lateError } from "./call-run.ts";
import type { Sandbox, SandboxAbout, SandboxedDriver } from "./sandbox.ts";
import type { ChangeOptions } from "./sandbox-driver.ts";

/** As `mysql2` has it. */
const DEFAULT_LIMIT = 10;

type Run = MysqlRun<RawConnection>;

/** Makes a driver like the application's, whose pool can be put into a sandbox. */
export async function sandboxMysql2(
  original: Driver<Pool>,
  change: ChangeOptions,
): Promise<SandboxedDriver<Pool>> {
  const made: { library?: ClientModule; options?: Mysql2Options } = {};
  const box: Box = { about: undefined, current: undefined };
  const driver = original.remake?.(<Options extends object>(options: Options): Options => {
    const changed = change(options) as Mysql2Options;
    const { connectionLimit = DEFAULT_LIMIT } = changed;
    // Who waits for its turn has a connection already.
    const library = (changed.mysql2 ?? mysqlModule) as unknown as ClientModule;
    const Pool = poolClass(library, box);
    made.library = library;
    made.options = {
      ...changed,
      connectionLimit: 2 * connectionLimit,
      mysql2: { ...library, Pool } as unknown as typeof mysqlModule,
    };
    return made.options as unknown as Options;
  });
  const { library, options } = made;
  if (driver === undefined || library === undefined || options === undefined)
    throw notRemakeable(original.name);
  return {
    driver,
    open: (about) => {
      box.about = about;
      const pool = driver.pool as unknown as SandboxPool;
      return openSandbox({ about, box, library, options, pool });
    },
  };
}

/** What of `mysql2`'s pool is looked at here beside what drivers do. */
type SandboxPool = BasePool & {
  readonly _freeConnections: { readonly length: number; shift(): RawConnection };
};

/** What the pool of one driver and its sandbox share. */
interface Box {
  about: SandboxAbout | undefined;
  current: { readonly connection: RawConnection; readonly run: Run } | undefined;
}

/** Makes the subclass of one copy of `mysql2.Pool` whose connections are in the sandbox that there is. */
function poolClass(library: ClientModule, box: Box): ClientModule["Pool"] {
  const { Pool: Base } = library;
  /** What each connection was handed out in first: what is known of its session is of that alone. */
  const origins = new WeakMap<RawConnection, Box["current"] | "none">();
  class Sandboxed extends Base {
    override getConnection(callback: TakeCallback): void {
      if (box.about?.isLate() === true) return process.nextTick(callback, lateError());
      // ISOLATION: who waits for a connection when the test ends gets one later, and belongs to the test
      // all the same. integration/testing/nothing-is-left.test.ts
      const { current } = box;
      const take = (): void => {
        super.getConnection((error, connection) => {
          if (error || connection === undefined) return callback(error);
          const origin = origins.get(connection);
          if (origin === undefined) {
            origins.set(connection, current ?? "none");
            if (current) redirect(connection, current.connection, current.run, library);
          } else if (origin !== (current ?? "none")) {
            connection.destroy();
            return take();
          }
          callback(error, connection);
        });
      };
      take();
    }
  }
  return Sandboxed;
}

function openSandbox({
  about: { logger, patience },
  box,
  library,
  options,
  pool,
}: {
  readonly about: SandboxAbout;
  readonly box: Box;
  readonly library: ClientModule;
  readonly options: Mysql2Options;
  readonly pool: SandboxPool;
}): Sandbox {
  /** What is known of their sessions is of another one. */
  const closeIdle = (): void => {
    while (pool._freeConnections.length > 0) pool._freeConnections.shift().destroy();
  };
  return {
    async begin() {
      const connection = await connect(library, options);
      const pinned = { ...pinnedTo(connection), mode: modeOf(connection, library) };
      const run: Run = new MysqlRun(pinned, logger, patience);
      await run.begin();
      closeIdle();
      box.current = { connection, run };
      return {
        end: async () => {
          box.current = undefined;
          try {
            return await run.end();
          } finally {
            closeIdle();
          }
        },
      };
    },
    get isOpen() {
      return box.current !== undefined;
    },
  };
}

function connect(library: ClientModule, options: Mysql2Options): Promise<RawConnection> {
  const wire = toWireOptions(toPoolOptions(options)) as PoolOptions;
  const connection = library.createConnection({ ...wire, multipleStatements: true });
  // Whoever waits for an answer is told.
  connection.on("error", () => undefined);
  return new Promise((resolve, reject) => {
    connection.connect((error) => (error ? reject(error) : resolve(connection)));
  });
}

function pinnedTo(connection: RawConnection): Pinned {
  return {
    close: () => connection.destroy(),
    send: (sql) =>
      new Promise((resolve, reject) => {
        connection.query(
          { rowsAsArray: false, sql },
          undefined,
          (error: Error | null, rows: unknown) =>
            error ? reject(error) : resolve(rows as Record<string, unknown>[]),
        );
      }),
  };
}

/** `COM_SET_OPTION`: how many statements the server accepts in one text. */
const SET_OPTION = 0x1b;
const ACCEPTS = { one: 1, several: 0 } as const;

/** Each connection believes that the server accepts as many as it was last told by itself. */
function modeOf(connection: RawConnection, library: ClientModule): NonNullable<Pinned["mode"]> {
  let mode: keyof typeof ACCEPTS = "several";
  const write = connection.write.bind(connection);
  connection.write = (bytes) => {
    if (bytes.length === 7 && bytes[4] === SET_OPTION) {
      mode = bytes[5] === ACCEPTS.one ? "one" : "several";
    }
    write(bytes);
  };
  return {
    first: mode,
    get: () => mode,
    set: (wanted) =>
      new Promise((resolve) => {
        const command = library.createQuery("do 0", undefined, () => undefined, connection.config);
        command.start = () => {
          const accepts = ACCEPTS[wanted as keyof typeof ACCEPTS];
          connection.write(Buffer.from([3, 0, 0, 0, SET_OPTION, accepts, 0]));
          connection.sequenceId = 1;
          return () => null;
        };
        command.once("end", resolve);
        connection.addCommand(command);
      }),
  };
}

/** Makes what is sent on a connection run on another one, for as long as it lives. */
function redirect(
  connection: RawConnection,
  pinned: RawConnection,
  run: Run,
  library: ClientModule,
): void {
  const addCommand = connection.addCommand.bind(connection);
  const destroy = connection.destroy.bind(connection);
  connection.hasSavepoint = () => run.isOpen(connection);
  connection.destroy = () => {
    run.abandon(connection);
    destroy();
  };
  connection.addCommand = (command) => {
    const name = command.constructor.name;
    // Those are about the connection itself.
    if (name === "Ping" || name === "Quit") return addCommand(command);
    if (name === "ResetConnection") keepSession(command, library);
    const prepared = command.query !== undefined;
    const control = mysqlControlOf(command.sql ?? command.query ?? "");
    const isRefused = prepared && control.kind !== "none" && control.kind !== "refused";
    run.add({
      control: isRefused
        ? { fact: "A statement about transactions was prepared.", kind: "refused" }
        : control,
      party: connection,
      refuse: (error) => refuse(command, error),
      send: (text, onDone) => send(command, text, onDone, pinned),
    });
    return command;
  };
}

/** A reset would end the transaction: what is left in the session goes with the test. */
function keepSession(command: Command, library: ClientModule): void {
  command.start = (_packet, connection) => {
    const text = library.createQuery("do 0", undefined, undefined, connection.config);
    text.start(undefined, connection);
    return () => {
      const { onResult } = command;
      if (onResult) process.nextTick(() => onResult(null));
      return null;
    };
  };
}

function refuse(command: Command, error: TenancyError): void {
  process.nextTick(() => {
    if (command.onResult) command.onResult(error);
    else if (command.listenerCount("error") > 0) command.emit("error", error);
    command.emit("end");
  });
}

function send(
  command: Command,
  text: string | undefined,
  onDone: () => void,
  pinned: RawConnection,
): Promise<boolean> {
  return new Promise((resolve) => {
    const { onResult } = command;
    const emit = command.emit.bind(command);
    let hasFailed = false;
    if (text !== undefined) command.sql = text;
    if (onResult) {
      command.onResult = (error, ...rest) => {
        if (error) hasFailed = true;
        onResult(error, ...rest);
      };
    }
    const lost = (): void => {
      const error = Object.assign(new Error("The connection of a test was lost."), { fatal: true });
      if (command.onResult) command.onResult(error);
      resolve(false);
    };
    pinned.stream.once("close", lost);
    command.emit = (name: string | symbol, ...args: unknown[]): boolean => {
      if (name === "error") hasFailed = true;
      if (name !== "end") return emit(name, ...args);
      pinned.stream.removeListener("close", lost);
      if (!hasFailed) onDone();
      const wasHeard = emit(name, ...args);
      // The connection goes on to its next command behind this one.
      setImmediate(() => resolve(!hasFailed));
      return wasHeard;
    };
    pinned.addCommand(command);
  });
}
