/** One key that somebody waits for. */
interface Wanted<V> {
  readonly promise: Promise<V>;
  resolve(value: V): void;
  reject(error: unknown): void;
}

/** How a {@link BatchLoader} loads. */
export interface BatchLoaderOptions<V> {
  /** Loads the values of all keys; called again only after it has ended. */
  load(keys: readonly string[]): Promise<(key: string) => V>;
  /** Most keys in one call. */
  readonly maxBatch: number;
}

/**
 * Loads values by key, each once however many ask, and all that are wanted in the same moment at once.
 *
 * At most one load is on its way; what is wanted meanwhile goes with the next. When one fails, all
 * who wait for one of its keys get its error, and the next who asks makes a new attempt.
 */
export class BatchLoader<V> {
  readonly #options: BatchLoaderOptions<V>;
  readonly #queued = new Map<string, Wanted<V>>();
  #loading: ReadonlyMap<string, Wanted<V>> = new Map();
  #isRunning = false;

  constructor(options: BatchLoaderOptions<V>) {
    this.#options = options;
  }

  /** Returns the value of `key`, from a load that may have begun already. */
  load(key: string): Promise<V> {
    const known = this.#loading.get(key) ?? this.#queued.get(key);
    if (known !== undefined) return known.promise;
    const wanted = want<V>();
    this.#queued.set(key, wanted);
    if (!this.#isRunning) {
      this.#isRunning = true;
      // All that the caller asks for before it awaits goes with the first load.
      queueMicrotask(() => void this.#run());
    }
    return wanted.promise;
  }

  /** Makes later calls wait for loads that begin later: those on their way may read what is past. */
  startAnew(): void {
    this.#loading = new Map();
  }

  async #run(): Promise<void> {
    while (this.#queued.size > 0) {
      const batch = new Map(takeFirst(this.#queued, this.#options.maxBatch));
      this.#loading = batch;
      try {
        const valueOf = await this.#options.load([...batch.keys()]);
        for (const [key, wanted] of batch) wanted.resolve(valueOf(key));
      } catch (error) {
        for (const wanted of batch.values()) wanted.reject(error);
      }
      this.#loading = new Map();
    }
    this.#isRunning = false;
  }
}

function want<V>(): Wanted<V> {
  let resolve: Wanted<V>["resolve"] | undefined;
  let reject: Wanted<V>["reject"] | undefined;
  const promise = new Promise<V>((onValue, onError) => {
    resolve = onValue;
    reject = onError;
  });
  // The executor has run by now.
  return { promise, resolve, reject } as unknown as Wanted<V>;
}

function* takeFirst<V>(map: Map<string, V>, count: number): Generator<[string, V]> {
  for (const entry of map) {
    if (count-- <= 0) return;
    map.delete(entry[0]);
    yield entry;
  }
}
