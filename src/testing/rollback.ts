import type { Tenancy } from "../core/tenancy.ts";
import { TenancyError } from "../errors/tenancy-error.ts";
import type { TestHooks } from "./runner.ts";
import { asPartOf, type TestWork } from "./sandbox/call-run.ts";
import type { SandboxRun } from "./sandbox/sandbox.ts";
import { stateOf, type TestState } from "./state.ts";

/** A transaction that everything of a tenancy runs in, until it is rolled back. */
export interface Rollback extends AsyncDisposable {
  /**
   * Undoes everything since it was begun; later calls do nothing.
   *
   * @throws TenancyError `TRANSACTION_LEFT_OPEN` when a transaction of the application was not ended
   */
  rollBack(): Promise<void>;
}

/**
 * Runs `fn`, and then undoes all that it did in the databases of the tenancy, whatever it was done by:
 * `query`, `transaction`, the pool, bound pools and ORMs over them, in every scope. Transactions of the
 * application become savepoints.
 *
 * One at a time for each tenancy: what its application does meanwhile elsewhere in the process is undone
 * too.
 *
 * @throws TenancyError `SANDBOX_REFUSED` within another one; what `fn` throws
 */
export async function rolledBack<T>(
  tenancy: Tenancy,
  fn: () => T | PromiseLike<T>,
): Promise<Awaited<T>> {
  const rollback = await beginRollback(tenancy);
  const { work } = stateOf(tenancy);
  let value: Awaited<T>;
  try {
    value = await asPartOf(work, async () => await fn());
  } catch (error) {
    // What the test itself has found comes first.
    await rollback.rollBack().catch(() => undefined);
    throw error;
  }
  await rollback.rollBack();
  return value;
}

/**
 * Begins what `rolledBack` does around a function, for hooks that run before and after a test. No async
 * context has to reach from one to the other: it is the tenancy that is in the transaction, and not the
 * call.
 *
 * @throws TenancyError `SANDBOX_REFUSED` if it is begun already
 */
export async function beginRollback(tenancy: Tenancy): Promise<Rollback> {
  const state = stateOf(tenancy);
  if (state.work !== undefined) {
    throw new TenancyError(
      "SANDBOX_REFUSED",
      "What the tenancy does is being rolled back already.",
      {
        remedy: "Run tests that share a tenancy one after the other, not concurrently.",
      },
    );
  }
  // ISOLATION: two at once would share one transaction, which the first end would end.
  // integration/testing/nothing-is-left.test.ts
  const work: TestWork = { isEnded: false };
  state.work = work;
  state.works.add(work);
  let run: SandboxRun;
  try {
    run = await state.sandbox.begin();
  } catch (error) {
    state.work = undefined;
    throw error;
  }
  state.run = run;
  const rollBack = async (): Promise<void> => {
    if (state.run !== run) return;
    const open = await endRun(state);
    if (open === 0) return;
    throw new TenancyError("TRANSACTION_LEFT_OPEN", "A test has ended with a transaction open.", {
      remedy: "Wait in the test for everything that it starts, and release every client.",
    });
  };
  return { rollBack, [Symbol.asyncDispose]: rollBack };
}

/** Ends what is open, if anything; what belongs to it is refused from now on. */
export async function endRun(state: TestState): Promise<number> {
  const { run, work } = state;
  state.run = undefined;
  if (work !== undefined) work.isEnded = true;
  try {
    return (await run?.end()) ?? 0;
  } finally {
    if (state.work === work) state.work = undefined;
  }
}

/**
 * Has everything rolled back that each test of a file does.
 *
 * @param hooks - the runner's own `beforeEach` and `afterEach`
 * @example
 * useRollback(tenancy, { afterEach, beforeEach });
 */
export function useRollback(
  tenancy: Tenancy | (() => Tenancy),
  hooks: Pick<TestHooks, "afterEach" | "beforeEach">,
): void {
  let rollback: Rollback | undefined;
  hooks.beforeEach(async () => {
    rollback = await beginRollback(typeof tenancy === "function" ? tenancy() : tenancy);
  });
  hooks.afterEach(async () => {
    await rollback?.rollBack();
    rollback = undefined;
  });
}
