import type { TenancyConfig } from "../core/config.ts";
import type { Scope } from "../core/scope.ts";
import type { Tenancy } from "../core/tenancy.ts";
import { TenancyError } from "../errors/tenancy-error.ts";
import type { TestWork } from "./sandbox/call-run.ts";
import type { Sandbox, SandboxRun } from "./sandbox/sandbox.ts";

/** What is known of a tenancy for tests. */
export interface TestState {
  /** The configuration that it runs with. */
  readonly config: TenancyConfig;
  /** What makes it roll back. */
  readonly sandbox: Sandbox;
  /** The transaction that is open. */
  run: SandboxRun | undefined;
  /** What runs in it; there already while it is opened. */
  work: TestWork | undefined;
  /** Every one that there was. */
  readonly works: WeakSet<TestWork>;
  /** Called with the scope of every query on the pool. */
  onQuery: ((scope: Scope | undefined) => void) | undefined;
}

const states = new WeakMap<object, TestState>();

/** Notes that a tenancy is one for tests. */
export function keepState(tenancy: object, state: TestState): void {
  states.set(tenancy, state);
}

/** Returns what is known of a tenancy for tests. @throws TenancyError `INVALID_CONFIG` for any other */
export function stateOf(tenancy: Pick<Tenancy, "withTenant">): TestState {
  const state = states.get(tenancy);
  if (state !== undefined) return state;
  throw new TenancyError("INVALID_CONFIG", "The tenancy is not one for tests.", {
    remedy: "Make it with `createTestTenancy`.",
  });
}
