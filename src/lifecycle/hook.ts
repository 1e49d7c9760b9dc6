import type { Scope, ScopeContext } from "../core/scope.ts";
import { TenancyError } from "../errors/tenancy-error.ts";

/**
 * Runs one of the application's hooks in `scope`.
 *
 * @throws TenancyError `HOOK_FAILED`, with what the hook threw as its cause
 */
export async function runHook(
  context: ScopeContext,
  about: { readonly name: string; readonly tenant: string; readonly scope: Scope },
  hook: (() => void | Promise<void>) | undefined,
): Promise<void> {
  if (hook === undefined) return;
  try {
    await context.run(about.scope, hook);
  } catch (cause) {
    throw new TenancyError(
      "HOOK_FAILED",
      `The hook \`${about.name}\` failed for the tenant "${about.tenant}".`,
      { cause, tenant: about.tenant },
    );
  }
}
