import type { DataSource, QueryRunner } from "./peer.ts";

type Create = (mode?: string) => QueryRunner;

/**
 * Gives back the connection of a stream that is left before its end.
 *
 * TypeORM waits for the end, or an error; whoever leaves a `for await` early would keep a connection of
 * the pool, which is that of all tenants, for ever.
 */
export function endStreams(dataSource: DataSource): void {
  const create: unknown = Reflect.get(dataSource, "createQueryRunner");
  dataSource.createQueryRunner = function createQueryRunner(mode) {
    const runner = Reflect.apply(create as Create, this, [mode]);
    const stream = runner.stream.bind(runner);
    runner.stream = async (query, parameters, onEnd, onError) => {
      let hasEnded = false;
      const once = (callback?: () => void) => (): void => {
        if (!hasEnded) callback?.();
        hasEnded = true;
      };
      const rows = await stream(query, parameters, once(onEnd), once(onError));
      return rows.once("close", once(onEnd));
    };
    return runner;
  };
}
