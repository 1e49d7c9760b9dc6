/**
 * What the tests of an application need: a tenancy of their own, tenants, tests whose work is rolled
 * back, a proof that nothing crosses, a clock, and a database without a server.
 *
 * @module
 */
export { type FakeClock, fakeClock } from "./clock.ts";
export {
  createTestTenancy,
  type TestTenancy,
  type TestTenancyOptions,
} from "./create-test-tenancy.ts";
export {
  type Crossing,
  expectIsolated,
  IsolationError,
  type IsolationOptions,
  type IsolationSubject,
} from "./expect-isolated.ts";
export { beginRollback, type Rollback, rolledBack, useRollback } from "./rollback.ts";
export type { Hook, TestContextLike, TestHooks } from "./runner.ts";
export { testDatabase, type TestDatabaseOptions } from "./test-database.ts";
export {
  type CurrentTestTenant,
  type TenantHooks,
  testTenant,
  type TestTenant,
  type TestTenantOptions,
  useTestTenant,
} from "./test-tenant.ts";
