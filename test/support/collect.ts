/** Reads an iterator to its end. `Array.fromAsync` is newer than the oldest Node.js that is supported. */
export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}
