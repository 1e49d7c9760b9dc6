/** How {@link workThrough} goes about it. */
export interface Workload<Item> {
  /** Items at a time, at most. */
  readonly concurrency: number;
  /** Does one item's part; what it throws ends the run. */
  work(item: Item): Promise<void>;
  /** Whether no more items are to be begun. */
  isStopped(): boolean;
  /** Receives each item that was not begun, because of a stop. */
  leave(item: Item): void;
}

/**
 * Works through items as they come, so many at a time: none is read before somebody has time for it, and
 * none is remembered. Those in hand are always finished, and after a stop the rest is only read.
 *
 * @throws what reading the items, or `work`, throws; after those in hand are finished
 */
export async function workThrough<Item>(
  items: AsyncGenerator<Item, void, undefined>,
  load: Workload<Item>,
): Promise<void> {
  let isBroken = false;
  const isStopped = (): boolean => isBroken || load.isStopped();
  const worker = async (): Promise<void> => {
    try {
      while (!isStopped()) {
        // The generator answers one after the other, so no two workers get the same item.
        const next = await items.next();
        if (next.done === true) return;
        // What was read while the run was stopped is not begun either.
        if (isStopped()) load.leave(next.value);
        else await load.work(next.value);
      }
    } catch (error) {
      isBroken = true;
      throw error;
    }
  };
  const workers = Array.from({ length: load.concurrency }, worker);
  const broken = (await Promise.allSettled(workers)).find(({ status }) => status === "rejected");
  if (broken?.status === "rejected") {
    await items.return();
    throw broken.reason;
  }
  for await (const item of items) load.leave(item);
}
