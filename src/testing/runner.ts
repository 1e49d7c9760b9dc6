/** What a runner calls before or after tests. */
export type Hook = (fn: () => Promise<void>) => unknown;

/** The hooks of a runner: Vitest's, Jest's (`beforeAll`), or those of `node:test` (`before`). */
export interface TestHooks {
  /** Runs before each test. */
  readonly beforeEach: Hook;
  /** Runs after each test, also when it has failed. */
  readonly afterEach: Hook;
}

/** What a runner says of the test that runs: the context of Vitest, or that of `node:test`. */
export interface TestContextLike {
  /** Of `node:test`. */
  readonly name?: string;
  /** Of `node:test`. */
  readonly filePath?: string | undefined;
  /** Of Vitest. */
  readonly task?: {
    readonly name: string;
    readonly file?: { readonly name: string } | undefined;
  };
}

/** Returns what is known of the test that runs, as far as anybody says. */
export function currentTest(given: TestContextLike | string | undefined): {
  readonly file: string | undefined;
  readonly title: string | undefined;
} {
  if (typeof given === "string") return { file: undefined, title: given };
  if (given?.task !== undefined) return { file: given.task.file?.name, title: given.task.name };
  if (given?.name !== undefined) return { file: given.filePath, title: given.name };
  // Vitest with globals, and Jest.
  const { expect } = globalThis as {
    readonly expect?: { getState?(): { currentTestName?: string; testPath?: string } };
  };
  const state = expect?.getState?.();
  return { file: state?.testPath ?? process.argv[1], title: state?.currentTestName };
}
