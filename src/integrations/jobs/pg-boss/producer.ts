import { TenancyError } from "../../../errors/tenancy-error.ts";
import {
  GLOBAL_MARK,
  type JobMark,
  keyFor,
  parseMark,
  unwrapPayload,
  wrapPayload,
} from "../common/mark.ts";
import type { MarkNow } from "../common/producer.ts";
import type { EnqueueName } from "./types.ts";

type Enqueue = (...args: unknown[]) => Promise<unknown>;

interface Change {
  readonly name: string;
  readonly options?: object;
}

interface Keyed {
  readonly data?: unknown;
  readonly options?: object;
  readonly singletonKey?: string;
}

/** Returns the arguments of each function with the mark in the data, and keys of the tenant's own. */
const MARKED: Readonly<Record<EnqueueName, (args: unknown[], mark: JobMark) => unknown[]>> = {
  flow: ([jobs, options], mark) => [
    (jobs as Keyed[]).map((job) => ({
      ...job,
      data: wrapPayload(job.data, mark),
      options: keyed(job.options, mark),
    })),
    options,
  ],
  insert: ([name, jobs, ...rest], mark) => [
    name,
    (jobs as Keyed[]).map((job) => ({ ...keyed(job, mark), data: wrapPayload(job.data, mark) })),
    ...rest,
  ],
  publish: ([event, data, options], mark) => [event, wrapPayload(data, mark), keyed(options, mark)],
  schedule: ([name, cron, data, options], mark) => [
    name,
    cron,
    wrapPayload(data, mark),
    { ...keyed(options, mark), key: keyFor(mark, (options as { key?: string })?.key ?? "") },
  ],
  send: markedSend,
  sendAfter: markedThree,
  sendDebounced: markedSlot,
  sendThrottled: markedSlot,
  unschedule: ([name, key], mark) => [name, keyFor(mark, (key as string | undefined) ?? "")],
  update: markedChange,
  upsert: markedChange,
};

/** Makes the functions that enqueue, as far as this version of pg-boss has them. */
export function makeProducer(boss: object, mark: MarkNow): Record<string, Enqueue> {
  const known = boss as Readonly<Record<string, Enqueue | undefined>>;
  const own: Record<string, Enqueue> = {};
  for (const [name, marked] of Object.entries(MARKED)) {
    if (typeof known[name] !== "function") continue;
    own[name] = async (...args) => {
      const now = mark();
      if (marked === markedChange) await checkOwn(known, args, now);
      return known[name]?.(...marked(args, now));
    };
  }
  return own;
}

/**
 * Refuses to change a job of another scope: a job may be named by its id, which clients may have sent,
 * and would be this scope's then.
 *
 * @throws TenancyError `WRONG_TENANT`
 */
// ISOLATION: integration/jobs/pg-boss-traps.test.ts
async function checkOwn(
  boss: Readonly<Record<string, Enqueue | undefined>>,
  [first, , third]: unknown[],
  mark: JobMark,
): Promise<void> {
  const { name, options } =
    typeof first === "string" ? { name: first, options: third } : (first as Change);
  const { db, id } = (options ?? {}) as { readonly db?: object; readonly id?: string };
  if (!id) return;
  const job = (await boss["getJobById"]?.(name, id, db && { db })) as Keyed | null | undefined;
  if (job === null || job === undefined) return;
  const owner = parseMark(unwrapPayload(job.data).mark) ?? GLOBAL_MARK;
  if (JSON.stringify(owner) === JSON.stringify(mark)) return;
  throw new TenancyError("WRONG_TENANT", "A job of another tenant was to be changed.");
}

function markedSend(args: unknown[], mark: JobMark): unknown[] {
  const [first, data, options] = args;
  if (typeof first === "string") return [first, wrapPayload(data, mark), keyed(options, mark)];
  const request = first as Keyed;
  return [
    { ...request, data: wrapPayload(request.data, mark), options: keyed(request.options, mark) },
  ];
}

function markedThree([name, data, options, ...rest]: unknown[], mark: JobMark): unknown[] {
  return [name, wrapPayload(data, mark), keyed(options, mark), ...rest];
}

/** The key of the slot of time, which all would share without one. */
function markedSlot([name, data, options, seconds, key]: unknown[], mark: JobMark): unknown[] {
  const own = keyFor(mark, (key as string | undefined) ?? "");
  return [name, wrapPayload(data, mark), keyed(options, mark), seconds, own === "" ? key : own];
}

/** Only what is given is changed: data that are absent stay, and `null` clears them. */
function markedChange(args: unknown[], mark: JobMark): unknown[] {
  const [first, data, options] = args;
  if (typeof first === "string") return [first, changedData(data, mark), keptKey(options, mark)];
  const request = first as Keyed;
  const changed = changedData(request.data, mark);
  return [{ ...request, data: changed, options: keptKey(request.options, mark) }];
}

function changedData(data: unknown, mark: JobMark): unknown {
  return data === undefined ? undefined : wrapPayload(data, mark);
}

function keptKey(options: unknown, mark: JobMark): unknown {
  const { singletonKey } = (options ?? {}) as Keyed;
  return singletonKey ? keyed(options, mark) : options;
}

/**
 * Every job of a tenant has a key of the tenant's: pg-boss's policies, such as one queued job at a time,
 * and its slots of time would otherwise count the jobs of all tenants together.
 */
function keyed(options: unknown, mark: JobMark): object {
  const given = (options ?? {}) as Keyed;
  const key = keyFor(mark, given.singletonKey ?? "");
  return key === "" ? given : { ...given, singletonKey: key };
}
