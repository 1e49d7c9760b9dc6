import { randomUUID } from "node:crypto";
import type { Logger } from "../core/logger.ts";
import type { Operation } from "./contract.ts";
import { explain, RequestError } from "./api/problem.ts";
import { safeFields } from "./safe-fields.ts";

/** How long what has ended can be read. */
const KEEP_MS = 15 * 60_000;
/** How many of those there are at most. */
const MOST_ENDED = 200;
/** How many may run at a time. */
const MOST_RUNNING = 50;
/** How many failures of a fleet run are told. */
const MOST_FAILURES = 50;
/** Pause between two news of one operation: a fast fleet run has thousands of steps in a second. */
const PUBLISH_MS = 100;
/** How long a request waits for the end of what it began. */
const MOMENT_MS = 300;

/** What is begun. */
export interface OperationAbout {
  /** As in the audit log. */
  readonly action: string;
  /** Slug, when it is about one tenant. */
  readonly tenant: string | null;
  /** Who began it. */
  readonly person: string;
  /** Whether it changes nothing. Default `false`. */
  readonly dryRun?: boolean;
}

/** What the work may tell, and listen to. */
export interface OperationHandle {
  /** Aborted by {@link OperationRegistry.stop} and when the console is closed. */
  readonly signal: AbortSignal;
  /** Tells what is known now. */
  readonly update: (news: Partial<Pick<Operation, "counts" | "progress" | "runId">>) => void;
  /** Tells that a step has begun. */
  readonly step: (name: string) => void;
  /** Tells of a tenant that failed. */
  readonly fail: (failure: Operation["failures"][number]) => void;
}

interface Entry {
  operation: Operation;
  readonly controller: AbortController;
  readonly canStop: boolean;
  timer: NodeJS.Timeout | undefined;
}

/** Knows what runs in this process, and for a while what has run. */
export class OperationRegistry {
  readonly #entries = new Map<string, Entry>();
  readonly #publish: (operation: Operation) => void;
  readonly #logger: Logger;
  readonly #now: () => number;
  #isClosed = false;

  /** @param publish - called with every news, and with nothing that was told already */
  constructor(
    publish: (operation: Operation) => void,
    logger: Logger,
    now: () => number = Date.now,
  ) {
    this.#publish = publish;
    this.#logger = logger;
    this.#now = now;
  }

  /**
   * Begins something, and resolves with it when it has ended or a moment is over. Its own failure is a part
   * of it.
   *
   * @param work - resolves with a sentence on what was done
   * @throws RequestError `RATE_LIMITED` when too many run
   */
  async begin(
    about: OperationAbout,
    work: (handle: OperationHandle) => Promise<string>,
    { canStop = false }: { readonly canStop?: boolean } = {},
  ): Promise<Operation> {
    this.#forgetOld();
    if (this.#isClosed || this.running.length >= MOST_RUNNING) {
      const why = this.#isClosed ? "The console was closed." : "Too much runs already.";
      throw new RequestError("RATE_LIMITED", why, { "retry-after": "10" });
    }
    const entry = this.#add(about, canStop);
    const done = this.#run(entry, work);
    let timer: NodeJS.Timeout | undefined;
    const moment = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, MOMENT_MS);
    });
    await Promise.race([done, moment]);
    clearTimeout(timer);
    return entry.operation;
  }

  /** Returns an operation. @throws RequestError `NOT_FOUND` */
  get(id: string): Operation {
    this.#forgetOld();
    return this.#entry(id).operation;
  }

  /** Everything that runs, and what has ended lately, the oldest first. */
  list(): readonly Operation[] {
    this.#forgetOld();
    return [...this.#entries.values()].map(({ operation }) => operation);
  }

  /** What runs. */
  get running(): readonly Operation[] {
    return [...this.#entries.values()]
      .map(({ operation }) => operation)
      .filter(({ state }) => state === "running");
  }

  /** Asks an operation to end. @throws RequestError `NOT_FOUND`, `INVALID_REQUEST` if it cannot */
  stop(id: string): Operation {
    const { canStop, controller, operation } = this.#entry(id);
    if (operation.state === "running" && !canStop) {
      throw new RequestError("INVALID_REQUEST", "Only a run over many tenants can be stopped.");
    }
    controller.abort();
    return operation;
  }

  /** Asks everything to end, and lets nothing begin. */
  close(): void {
    this.#isClosed = true;
    for (const entry of this.#entries.values()) {
      clearTimeout(entry.timer);
      entry.controller.abort();
    }
  }

  #entry(id: string): Entry {
    const entry = this.#entries.get(id);
    if (entry !== undefined) return entry;
    throw new RequestError(
      "NOT_FOUND",
      "There is no such operation in this process: it ended long ago, or belongs to another one.",
    );
  }

  #add({ action, dryRun = false, person, tenant }: OperationAbout, canStop: boolean): Entry {
    const operation: Operation = {
      action,
      counts: null,
      dryRun,
      endedAt: null,
      error: null,
      failures: [],
      id: randomUUID(),
      person,
      progress: null,
      runId: null,
      startedAt: new Date(this.#now()).toISOString(),
      state: "running",
      steps: [],
      summary: null,
      tenant,
    };
    const entry = { canStop, controller: new AbortController(), operation, timer: undefined };
    this.#entries.set(operation.id, entry);
    return entry;
  }

  async #run(entry: Entry, work: (handle: OperationHandle) => Promise<string>): Promise<void> {
    this.#publish(entry.operation);
    try {
      const summary = await work(this.#handle(entry));
      this.#end(entry, { state: "done", summary });
    } catch (error) {
      const { action, tenant } = entry.operation;
      const told = explain(error);
      if (told.code === "INTERNAL") {
        this.#logger.error({ action, tenant, ...safeFields(error) }, "console operation failed");
      }
      this.#end(entry, { error: told, state: "failed" });
    }
  }

  #handle(entry: Entry): OperationHandle {
    return {
      fail: (failure) => {
        const failures = [...entry.operation.failures, failure].slice(-MOST_FAILURES);
        this.#update(entry, { failures });
      },
      signal: entry.controller.signal,
      step: (step) => {
        const at = new Date(this.#now()).toISOString();
        this.#update(entry, { steps: [...entry.operation.steps, { at, step }] });
      },
      update: (news) => this.#update(entry, news),
    };
  }

  #update(entry: Entry, news: Partial<Operation>): void {
    entry.operation = { ...entry.operation, ...news };
    if (this.#isClosed) return;
    entry.timer ??= setTimeout(() => {
      entry.timer = undefined;
      this.#publish(entry.operation);
    }, PUBLISH_MS).unref();
  }

  #end(entry: Entry, news: Partial<Operation>): void {
    clearTimeout(entry.timer);
    entry.operation = {
      ...entry.operation,
      ...news,
      endedAt: new Date(this.#now()).toISOString(),
    };
    this.#publish(entry.operation);
  }

  #forgetOld(): void {
    const ended = [...this.#entries.values()]
      .map(({ operation }) => operation)
      .filter(({ endedAt }) => endedAt !== null);
    const oldest = this.#now() - KEEP_MS;
    for (const [index, { endedAt, id }] of ended.entries()) {
      const isTooMany = ended.length - index > MOST_ENDED;
      if (isTooMany || Date.parse(endedAt ?? "") < oldest) this.#entries.delete(id);
    }
  }
}
