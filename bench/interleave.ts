import { type Random, shuffled } from "./random.ts";

/** One way to do the same work. */
export interface Contender<Round> {
  /** Key of its figures. */
  readonly name: string;
  /** Does the work of one round. */
  run(round: Round): Promise<unknown> | void;
  /** Awaited before each of its runs, and not a part of its time. */
  settle?(): Promise<unknown>;
}

/** What rounds have measured. */
export interface Timings {
  /** Median time of one round, in milliseconds. */
  ms(name: string): number;
  /** Median, over the rounds, of the time of one contender divided by that of another. */
  ratio(name: string, baseline: string): number;
}

/**
 * Runs all contenders in every round, in a new order each time, and compares them within rounds:
 * a load that comes and goes then slows all of them alike, and medians drop the rounds it split.
 *
 * @param prepare - makes the work of one round, the same for every contender
 */
export async function interleave<Round>(
  random: Random,
  rounds: number,
  contenders: readonly Contender<Round>[],
  prepare: () => Round | Promise<Round>,
): Promise<Timings> {
  const times = new Map<string, number[]>(contenders.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round += 1) {
    const work = await prepare();
    for (const contender of shuffled(random, contenders)) {
      await contender.settle?.();
      const startedAt = performance.now();
      await contender.run(work);
      times.get(contender.name)?.push(performance.now() - startedAt);
    }
  }
  const of = (name: string): readonly number[] => {
    const found = times.get(name);
    if (found === undefined) throw new Error(`Nothing called "${name}" was measured.`);
    return found;
  };
  return {
    ms: (name) => median(of(name)),
    ratio: (name, baseline) => {
      const base = of(baseline);
      return median(of(name).map((ms, round) => ms / (base[round] ?? Number.NaN)));
    },
  };
}

/** Returns the middle value. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  const middle = sorted.length / 2;
  const upper = sorted[Math.floor(middle)] ?? Number.NaN;
  return Number.isInteger(middle) ? ((sorted[middle - 1] ?? Number.NaN) + upper) / 2 : upper;
}
