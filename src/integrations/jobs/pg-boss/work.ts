import { TenancyError } from "../../../errors/tenancy-error.ts";
import { enterJob } from "../common/enter-job.ts";
import { unwrapPayload } from "../common/mark.ts";
import { checkOutside, type JobSettings, type JobTenancy } from "../common/options.ts";
import { createSettling, type Settling } from "./settle.ts";
import type { BossHandler, BossJob, BossLike, WorkOptionsLike } from "./types.ts";

/** What `work` needs. */
export interface Work {
  readonly tenancy: JobTenancy;
  readonly boss: BossLike;
  readonly settings: JobSettings;
  readonly schema: string;
}

/** What became of one job of a batch. */
type Outcome =
  | {
      readonly kind: "done";
      readonly job: BossJob;
      readonly output: unknown;
      /** Whether pg-boss knows. */
      readonly isSettled: boolean;
    }
  | { readonly kind: "failed" | "gone"; readonly job: BossJob; readonly error: unknown }
  | { readonly kind: "later"; readonly job: BossJob };

interface Boss {
  work(name: string, options: object, handler: (jobs: BossJob[]) => unknown): Promise<string>;
  complete(name: string, id: object | string, data?: unknown): Promise<unknown>;
  fail(name: string, id: object, data?: unknown): Promise<unknown>;
}

/** Handles the jobs of a queue, each in the scope of its tenant. See `TenantBoss.work`. */
export async function work(
  { boss, schema, settings, tenancy }: Work,
  name: string,
  options: WorkOptionsLike,
  handler: BossHandler<never, unknown>,
): Promise<string> {
  checkOutside(tenancy);
  checkWorkOptions(options);
  const settling = await createSettling(boss.getDb(), schema);
  const plain = boss as unknown as Boss;

  const handleOne = async (job: BossJob): Promise<Outcome> => {
    const { mark, payload } = unwrapPayload(job.data);
    try {
      const entrance = await enterJob(tenancy, mark, settings);
      if (entrance.kind === "later") return { job, kind: "later" };
      if (entrance.kind === "gone") return { error: entrance.error, job, kind: "gone" };
      const own = { ...job, data: payload } as never;
      const output = await entrance.run(() => handler(own));
      return { isSettled: false, job, kind: "done", output };
    } catch (error) {
      // Not every version of pg-boss keeps the error of each job of a batch.
      tenancy.logger.warn({ err: error, job: job.id, queue: name }, "job failed");
      return { error, job, kind: "failed" };
    }
  };

  /** At once, as a batch in which one job does not end in time fails with all that are not settled. */
  const handleAndSettle = async (job: BossJob): Promise<Outcome> => {
    const outcome = await handleOne(job);
    if (outcome.kind !== "done") return outcome;
    try {
      await plain.complete(name, canFence([job]) ? attemptOf(job) : job.id, outcome.output);
      return { ...outcome, isSettled: true };
    } catch {
      // It is tried again with the rest, and thrown then.
      return outcome;
    }
  };

  return await plain.work(name, options, async (jobs) => {
    const handle = jobs.length === 1 ? handleOne : handleAndSettle;
    const outcomes = await Promise.all(jobs.map(handle));
    await settle(plain, settling, { name, outcomes, postponeMs: settings.postponeMs });
    // What is returned becomes the output of the one job; pg-boss keeps none of a batch.
    const [first] = outcomes;
    return outcomes.length === 1 && first?.kind === "done" ? first.output : undefined;
  });
}

function checkWorkOptions(options: WorkOptionsLike): void {
  for (const name of ["transactional", "perJobResults"]) {
    if (!options[name]) continue;
    throw new TenancyError("INVALID_CONFIG", `\`work\` was given the option \`${name}\`.`, {
      remedy:
        name === "transactional"
          ? "Its transaction is pg-boss's own, in no tenant's scope: use `tenancy.transaction` in the handler."
          : "Leave it out: each job of a batch is settled on its own.",
    });
  }
}

/**
 * Settles the jobs of a batch that pg-boss would otherwise all settle in the same way; it completes what
 * is left when this resolves, and fails it when this rejects.
 */
async function settle(
  boss: Boss,
  settling: Settling,
  batch: {
    readonly name: string;
    readonly outcomes: readonly Outcome[];
    readonly postponeMs: number;
  },
): Promise<void> {
  const { name, outcomes, postponeMs } = batch;
  const idsOf = (kind: Outcome["kind"]): string[] =>
    outcomes.filter((outcome) => outcome.kind === kind).map(({ job }) => job.id);
  const gone = idsOf("gone");
  if (gone.length > 0) await settling.giveUp(name, gone);

  const failures = outcomes.filter((outcome) => "error" in outcome);
  const isFenced = outcomes.length > 1 && canFence(outcomes.map(({ job }) => job));
  const later = idsOf("later");
  // What fails the whole batch would fail these too, once they wait: they take part, at no cost.
  const mustThrow = failures.length > 0 && !isFenced;
  if (later.length > 0 && mustThrow) await settling.spare(name, later);
  else if (later.length > 0) await settling.postpone(name, later, postponeMs);

  for (const outcome of outcomes.length > 1 ? outcomes : []) {
    if (outcome.kind !== "done" || outcome.isSettled) continue;
    const { job, output } = outcome;
    await boss.complete(name, isFenced ? attemptOf(job) : job.id, output);
  }
  if (mustThrow) throw failureOf(failures, later.length);
  for (const { error, job } of failures) await boss.fail(name, attemptOf(job), error);
}

/**
 * Whether this pg-boss tells one attempt of a job from the next. Without that, a job that was failed on
 * its own may be fetched again, and then completed, by mistake, together with the rest of its batch.
 */
function canFence(jobs: readonly BossJob[]): boolean {
  return jobs.every((job) => "retryCount" in job && "heartbeatSeconds" in job);
}

function attemptOf(job: BossJob): object {
  const { id, retryCount } = job as BossJob & { readonly retryCount?: unknown };
  return { id, retryCount };
}

/** The error of one job must not be kept with the job of another tenant. */
// ISOLATION: pg-boss stores it with every job that it fails. integration/jobs/pg-boss-traps.test.ts
function failureOf(failures: readonly { readonly error: unknown }[], others: number): unknown {
  const [only] = failures;
  if (failures.length + others === 1) return only?.error;
  return new Error(`${failures.length} of the jobs of one batch failed.`);
}
