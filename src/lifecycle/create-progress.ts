import type { CreateStep } from "../core/insight.ts";
import type { Logger } from "../core/logger.ts";
import type { CreateOptions } from "../core/tenancy.ts";

/** Tells of a step that begins. */
export type Tell = (step: CreateStep) => void;

/**
 * Returns what tells a caller of the steps of a creation, each of them once: one that is tried in another
 * way after all has begun before. Whatever the caller makes of it, the creation goes on.
 */
export function createTell(
  logger: Logger,
  slug: string,
  onProgress: CreateOptions["onProgress"],
): Tell {
  if (onProgress === undefined) return () => undefined;
  const told = new Set<CreateStep>();
  const warn = (error: unknown): void => {
    logger.warn({ err: error, tenant: slug }, "`onProgress` failed");
  };
  return (step) => {
    if (told.has(step)) return;
    told.add(step);
    try {
      // An `async` function may be given where none is awaited.
      void Promise.resolve(onProgress(step) as unknown).catch(warn);
    } catch (error) {
      warn(error);
    }
  };
}
