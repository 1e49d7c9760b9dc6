import type { ComponentChildren } from "preact";
import type { RunCounts } from "../../contract.ts";
import { Mark, type Tone } from "../components/badge.tsx";
import { formatNumber } from "../format.ts";

const KINDS: readonly (readonly [kind: keyof RunCounts, tone: Tone, word: string])[] = [
  ["changed", "good", "changed"],
  ["unchanged", "muted", "had nothing to do"],
  ["failed", "bad", "failed"],
  ["notReached", "warn", "not reached"],
];

/** How many tenants of each kind, as numbers; kinds without tenants are left out. */
export function RunCountsLine(props: { readonly counts: RunCounts }): ComponentChildren {
  const shown = KINDS.filter(([kind]) => props.counts[kind] > 0);
  if (shown.length === 0) return null;
  return (
    <ul class="run-counts">
      {shown.map(([kind, tone, word]) => (
        <li key={kind}>
          <Mark tone={tone} />
          <strong class="numeric">{formatNumber(props.counts[kind])}</strong> {word}
        </li>
      ))}
    </ul>
  );
}

/** The same as a bar, to be looked at beside the numbers. */
export function RunCountsBar(props: { readonly counts: RunCounts }): ComponentChildren {
  const total = KINDS.reduce((sum, [kind]) => sum + props.counts[kind], 0);
  let from = 0;
  return (
    <svg class="share-bar" viewBox="0 0 1000 10" preserveAspectRatio="none" aria-hidden="true">
      <rect class="bar-track" width="1000" height="10" />
      {KINDS.map(([kind, tone]) => {
        const x = from;
        // One tenant among many is seen as well.
        const width =
          props.counts[kind] === 0 ? 0 : Math.max(6, (props.counts[kind] / total) * 1_000);
        from += width;
        return <rect key={kind} class={`share tone-${tone}`} x={x} width={width} height="10" />;
      })}
    </svg>
  );
}
