import { captureScope, type Scope } from "../../../core/scope.ts";
import { TenancyError } from "../../../errors/tenancy-error.ts";

/** Next's `unstable_cache`, of which this is the part that is called. */
export type UnstableCache = <Args extends unknown[], T>(
  fn: (...args: Args) => Promise<T>,
  keyParts?: string[],
  options?: { revalidate?: number | false; tags?: string[] },
) => (...args: Args) => Promise<T>;

/** How long a cached result is good for. */
export interface CachedOptions {
  /** Seconds; see Next's `unstable_cache`. */
  readonly revalidate?: number | false;
  /** Tags; each is also given as `<tag>:<tenant id>`, to revalidate one tenant's. */
  readonly tags?: readonly string[];
}

/** Calls `fn` through Next's cache, with the scope in the key. */
export function callCached<Args extends unknown[], T>(
  cache: UnstableCache,
  scope: Scope | undefined,
  what: {
    readonly fn: (...args: Args) => Promise<T>;
    readonly keyParts: readonly string[];
    readonly options: CachedOptions;
    readonly args: Args;
  },
): Promise<T> {
  if (scope === undefined) {
    throw new TenancyError("TENANT_REQUIRED", "A cached function was called outside of any scope.");
  }
  const { args, fn, keyParts, options } = what;
  const { revalidate, tags = [] } = options;
  // ISOLATION: Next's own key is the text of the function, which would always be ours, the parts joined
  // with commas, and the arguments: others' results would be everybody's. unit/http/next.test.ts
  const owner =
    scope.kind === "global" ? ["global"] : ["tenant", scope.tenant.id, scope.tenant.schemaName];
  const inScope = captureScope();
  const cached = cache<Args, T>(
    async (...args) => inScope(async () => await fn(...args)),
    [JSON.stringify(["kirayedar", fn.toString(), keyParts, owner])],
    {
      ...(revalidate === undefined ? {} : { revalidate }),
      tags: tags.flatMap((tag) => [tag, `${tag}:${owner[1] ?? "global"}`]),
    },
  );
  return cached(...args);
}
