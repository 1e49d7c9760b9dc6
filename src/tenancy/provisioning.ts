import type { Refilled, Tenancy } from "../core/tenancy.ts";
import type { LifecycleDeps } from "../lifecycle/deps.ts";
import { refillReady } from "../lifecycle/ready-pool.ts";
import { describe, type Operations } from "./operations.ts";

/** How long nothing is made ready in the background after that has failed. */
const BACK_OFF_MS = 60_000;

/** The part of {@link Tenancy} that makes tenants ready before they are asked for. */
export interface Provisioning extends Pick<Tenancy, "provision"> {
  /** Makes ready what is missing, in the background: neither waits nor throws. */
  readonly refillSoon: () => void;
  /** The same, awaited: what fails is logged. */
  readonly refill: () => Promise<void>;
}

/** Creates the part of a tenancy that makes tenants ready before they are asked for. */
export function createProvisioning(deps: LifecycleDeps, operations: Operations): Provisioning {
  const { settings } = deps;
  let running: Promise<void> | undefined;
  let notBefore = -Infinity;

  async function provision({
    signal,
  }: { readonly signal?: AbortSignal } = {}): Promise<Refilled | null> {
    return await operations.track(async () => {
      const isStopped = (): boolean => operations.isClosed || signal?.aborted === true;
      const refilled = await refillReady(deps, isStopped);
      return refilled ?? null;
    });
  }

  async function refill(): Promise<void> {
    if (settings.provisioning.ready === 0) return;
    // What is at it in this process has perhaps begun before the migrations were changed.
    await running;
    await refillNow();
  }

  async function refillNow(): Promise<void> {
    if (settings.provisioning.ready === 0) return;
    try {
      const refilled = await provision();
      if (refilled !== null && refilled.made + refilled.removed > 0) {
        settings.logger.info({ ...refilled }, "tenants made ready");
      }
    } catch (error) {
      notBefore = performance.now() + BACK_OFF_MS;
      settings.logger.error(describe(error), "tenants not made ready");
    }
  }

  return {
    provision,
    refill,
    refillSoon: () => {
      if (running !== undefined || operations.isClosed || performance.now() < notBefore) return;
      running = refillNow().finally(() => {
        running = undefined;
      });
    },
  };
}
