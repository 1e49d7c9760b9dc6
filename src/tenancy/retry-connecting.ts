import type { LifecycleDeps } from "../lifecycle/deps.ts";
import { Patience } from "../migrate/patience.ts";
import { isUnreachable } from "./setbacks.ts";

/**
 * Runs `fn`, again while the server cannot be reached, for as long as a lock would be waited for: one
 * that is started anew is back in a moment. Whatever `fn` does it must look at anew each time.
 *
 * @param mayRepeat - whether the attempt that has just failed may be followed by another one
 * @throws the error of the last attempt
 */
export async function retryConnecting<T>(
  { settings }: Pick<LifecycleDeps, "settings">,
  fn: () => Promise<T>,
  mayRepeat: () => boolean = () => true,
): Promise<T> {
  const patience = new Patience(settings.lockTimeoutMs);
  for (;;) {
    try {
      return await fn();
    } catch (error) {
      if (!isUnreachable(error) || !mayRepeat() || !(await patience.pause())) throw error;
    }
  }
}
