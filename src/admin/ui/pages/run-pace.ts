/** How far a run was at a moment. */
export interface Sample {
  /** Milliseconds, as of `Date.now()`. */
  readonly at: number;
  readonly done: number;
}

/** How fast a run goes. */
export interface Pace {
  readonly perSecond: number;
  /** `null` while nothing is done in the time that was looked at. */
  readonly secondsLeft: number | null;
}

// Long enough not to jump with every tenant, short enough to show a run that slows down.
const WINDOW_MS = 20_000;
const MOST_SAMPLES = 200;

/** Returns the samples with one more, without those that are too old to tell of the pace now. */
export function addSample(samples: readonly Sample[], sample: Sample): Sample[] {
  const last = samples.at(-1);
  if (last?.done === sample.done) return [...samples];
  const kept = samples.filter(({ at }) => sample.at - at <= WINDOW_MS);
  // One sample before the window, so that a slow run has a pace as well.
  const before = kept.length === 0 && last !== undefined ? [last] : [];
  return [...before, ...kept, sample].slice(-MOST_SAMPLES);
}

/** Tells how fast a run goes, once it has done something twice. */
export function paceOf(samples: readonly Sample[], total: number, now: number): Pace | null {
  const [first, last] = [samples[0], samples.at(-1)];
  if (first === undefined || last === undefined || first === last) return null;
  const seconds = Math.max(now, last.at) / 1_000 - first.at / 1_000;
  if (seconds <= 0) return null;
  const perSecond = (last.done - first.done) / seconds;
  const left = Math.max(0, total - last.done);
  return { perSecond, secondsLeft: perSecond > 0 ? left / perSecond : null };
}
