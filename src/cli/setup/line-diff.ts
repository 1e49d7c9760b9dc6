/** One line of a comparison. */
export interface DiffLine {
  /** Whether it is in both texts, in the second alone, or in the first alone. */
  readonly kind: "added" | "removed" | "same";
  readonly text: string;
}

/** Lines of two texts that are compared at most, one with each other; more are shown as replaced. */
const MAX_CELLS = 4_000_000;

/** Compares two texts line by line: the fewest lines that were added and removed. */
export function diffLines(before: string, after: string): DiffLine[] {
  const [old, own] = [linesOf(before), linesOf(after)];
  let head = 0;
  while (head < Math.min(old.length, own.length) && old[head] === own[head]) head += 1;
  let tail = 0;
  const shortest = Math.min(old.length, own.length) - head;
  while (tail < shortest && old.at(-1 - tail) === own.at(-1 - tail)) tail += 1;
  const same = (texts: readonly string[]): DiffLine[] =>
    texts.map((text) => ({ kind: "same", text }));
  return [
    ...same(old.slice(0, head)),
    ...middle(old.slice(head, old.length - tail), own.slice(head, own.length - tail)),
    ...same(old.slice(old.length - tail)),
  ];
}

function linesOf(text: string): string[] {
  const lines = text.split(/\r?\n/);
  return lines.at(-1) === "" ? lines.slice(0, -1) : lines;
}

function middle(old: readonly string[], own: readonly string[]): DiffLine[] {
  const lines: DiffLine[] = [];
  const common = old.length * own.length > MAX_CELLS ? undefined : commonLengths(old, own);
  let [left, right] = [0, 0];
  while (left < old.length || right < own.length) {
    const [first, second] = [old[left], own[right]];
    if (common !== undefined && first === second && first !== undefined) {
      lines.push({ kind: "same", text: first });
      left += 1;
      right += 1;
    } else if (
      first !== undefined &&
      (second === undefined ||
        (common?.[left + 1]?.[right] ?? 0) >= (common?.[left]?.[right + 1] ?? 0))
    ) {
      lines.push({ kind: "removed", text: first });
      left += 1;
    } else {
      lines.push({ kind: "added", text: second ?? "" });
      right += 1;
    }
  }
  return lines;
}

/** How many lines the rests of both texts have in common, from each pair of lines on. */
function commonLengths(old: readonly string[], own: readonly string[]): number[][] {
  const table = Array.from({ length: old.length + 1 }, () =>
    Array.from({ length: own.length + 1 }, () => 0),
  );
  for (let left = old.length - 1; left >= 0; left -= 1) {
    const [row = [], below = []] = [table[left], table[left + 1]];
    for (let right = own.length - 1; right >= 0; right -= 1) {
      row[right] =
        old[left] === own[right]
          ? (below[right + 1] ?? 0) + 1
          : Math.max(below[right] ?? 0, row[right + 1] ?? 0);
    }
  }
  return table;
}

const CONTEXT = 2;

/** Leaves out what is far from every change; `undefined` stands for what was left out. */
export function nearChanges(lines: readonly DiffLine[]): (DiffLine | undefined)[] {
  const changes = lines.flatMap(({ kind }, index) => (kind === "same" ? [] : [index]));
  const shown: (DiffLine | undefined)[] = [];
  let last = -1;
  for (const [index, line] of lines.entries()) {
    if (!changes.some((change) => Math.abs(change - index) <= CONTEXT)) continue;
    if (last >= 0 && index > last + 1) shown.push(undefined);
    shown.push(line);
    last = index;
  }
  return shown;
}
