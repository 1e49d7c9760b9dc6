import type { ComponentChildren } from "preact";
import { toneOf } from "../components/badge.tsx";

/** Shares of a whole in one bar; the legend beside it tells them in words. */
export function ShareBar(props: {
  readonly shares: readonly { readonly state: string; readonly value: number }[];
}): ComponentChildren {
  const total = props.shares.reduce((sum, { value }) => sum + value, 0);
  let from = 0;
  return (
    <svg class="share-bar" viewBox="0 0 1000 10" preserveAspectRatio="none" aria-hidden="true">
      {props.shares.map(({ state, value }) => {
        const start = from;
        // One tenant among 50,000 is seen as well.
        const width = Math.max(4, (value / total) * 1000);
        from += width;
        return (
          <rect
            key={state}
            class={`share tone-${toneOf(state)}`}
            x={start}
            width={Math.max(1, width - 2)}
            height="10"
          />
        );
      })}
    </svg>
  );
}
