import { randomBytes } from "node:crypto";
import { basename } from "node:path";
import type { CreateOptions, Tenancy } from "../core/tenancy.ts";
import type { Tenant } from "../core/tenant.ts";
import { currentTest, type Hook, type TestContextLike } from "./runner.ts";

/** How `testTenant` makes a tenant. */
export interface TestTenantOptions extends Omit<CreateOptions, "ifExists"> {
  /**
   * The test that it is for, whose file and title its slug is made of: the context that Vitest or
   * `node:test` passes to it, or any text. Default: what the runner tells of itself.
   */
  readonly test?: TestContextLike | string;
}

/** A tenant of one test, or of one file of tests. */
export interface TestTenant extends AsyncDisposable {
  /** The tenant. */
  readonly tenant: Tenant;
  /** Its slug. */
  readonly slug: string;
  /** Runs `fn` in its scope. */
  run<T>(fn: () => T | PromiseLike<T>): Promise<Awaited<T>>;
  /** Removes it, with all that it has. Later calls do nothing. */
  drop(): Promise<void>;
}

/**
 * Makes a tenant whose slug nobody else has, from those that are ready. Drop it, or let `await using`
 * do so; what is forgotten goes with the database.
 *
 * @throws what `tenancy.create` throws; `SANDBOX_REFUSED` while everything is rolled back
 */
export async function testTenant(
  tenancy: Tenancy,
  { test, ...options }: TestTenantOptions = {},
): Promise<TestTenant> {
  const { file, title } = currentTest(test);
  const tenant = await tenancy.create(slugFor(file, title), options);
  let dropped: Promise<unknown> | undefined;
  const drop = async (): Promise<void> => {
    dropped ??= tenancy.drop(tenant, { ifMissing: "ignore" });
    await dropped;
  };
  return {
    drop,
    run: (fn) => tenancy.withTenant(tenant, fn),
    slug: tenant.slug,
    tenant,
    [Symbol.asyncDispose]: drop,
  };
}

/** The hooks of a runner that `useTestTenant` needs: those around each test, or around a file. */
export type TenantHooks =
  | { readonly beforeEach: Hook; readonly afterEach: Hook }
  | { readonly beforeAll: Hook; readonly afterAll: Hook }
  | { readonly before: Hook; readonly after: Hook };

/** The tenant of the test that runs, of {@link useTestTenant}. */
export interface CurrentTestTenant {
  /** The tenant. */
  readonly tenant: Tenant;
  /** Its slug. */
  readonly slug: string;
  /** Runs `fn` in its scope. */
  run<T>(fn: () => T | PromiseLike<T>): Promise<Awaited<T>>;
}

/**
 * Makes a tenant before each test and drops it afterwards; or one for all tests of a file, if the hooks
 * are those around a file.
 *
 * @example
 * const acme = useTestTenant(tenancy, { afterEach, beforeEach });
 */
export function useTestTenant(
  tenancy: Tenancy | (() => Tenancy),
  hooks: TenantHooks,
  options: TestTenantOptions = {},
): CurrentTestTenant {
  let current: TestTenant | undefined;
  const [begin, end] =
    "beforeEach" in hooks
      ? [hooks.beforeEach, hooks.afterEach]
      : "beforeAll" in hooks
        ? [hooks.beforeAll, hooks.afterAll]
        : [hooks.before, hooks.after];
  begin(async () => {
    current = await testTenant(typeof tenancy === "function" ? tenancy() : tenancy, options);
  });
  end(async () => {
    await current?.drop();
    current = undefined;
  });
  const now = (): TestTenant => {
    if (current === undefined) throw new Error("The tenant of a test was used outside of one.");
    return current;
  };
  return {
    run: (fn) => now().run(fn),
    get slug() {
      return now().slug;
    },
    get tenant() {
      return now().tenant;
    },
  };
}

/** Slugs are part of the names of schemas: what says most comes first, and chance last. */
function slugFor(file: string | undefined, title: string | undefined): string {
  const stem =
    file === undefined ? "" : basename(file).replace(/\.(?:test|spec)?\.?[cm]?[jt]sx?$/, "");
  const words = [toSlug(stem).slice(0, 10), toSlug(title ?? "").slice(0, 16)];
  const named = words.map((word) => word.replace(/^-+|-+$/g, "")).filter((word) => word !== "");
  return ["t", ...named, randomBytes(4).toString("hex")].join("-");
}

function toSlug(text: string): string {
  return text.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-");
}
