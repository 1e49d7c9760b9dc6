/** Lines that one text has and another one has not. */
export interface ChangedLines {
  /** In the first alone. */
  readonly removed: readonly string[];
  /** In the second alone. */
  readonly added: readonly string[];
}

/** Leaves out the lines at the beginning and at the end that two texts have in common. */
export function changedLines(before: string, after: string): ChangedLines {
  const [removed, added] = [before.split("\n"), after.split("\n")];
  const shortest = Math.min(removed.length, added.length);
  let head = 0;
  while (head < shortest && removed[head] === added[head]) head += 1;
  let tail = 0;
  while (tail < shortest - head && removed.at(-1 - tail) === added.at(-1 - tail)) tail += 1;
  return {
    added: added.slice(head, added.length - tail),
    removed: removed.slice(head, removed.length - tail),
  };
}
