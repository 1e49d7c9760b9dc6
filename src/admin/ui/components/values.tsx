import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { formatBytes, formatMoment, formatNumber, formatRelative } from "../format.ts";

const listeners = new Set<() => void>();
let ticking: ReturnType<typeof setInterval> | undefined;

/** Renders anew twice a minute, with one timer for all. */
function useTick(): void {
  const [, render] = useState(0);
  useEffect(() => {
    const tick = (): void => render((turn) => turn + 1);
    listeners.add(tick);
    ticking ??= setInterval(() => {
      for (const listener of listeners) listener();
    }, 30_000);
    return () => {
      listeners.delete(tick);
      if (listeners.size > 0) return;
      clearInterval(ticking);
      ticking = undefined;
    };
  }, []);
}

/** A moment as people say it, with the exact one in its title. `null` is a dash. */
export function Time(props: { readonly at: string | null }): ComponentChildren {
  useTick();
  if (props.at === null) return <Dash />;
  const moment = new Date(props.at);
  return (
    <time dateTime={props.at} title={formatMoment(moment)}>
      {formatRelative(moment, new Date())}
    </time>
  );
}

/** A size. `null` is a dash. */
export function Bytes(props: { readonly value: number | null }): ComponentChildren {
  if (props.value === null) return <Dash />;
  return <span title={`${formatNumber(props.value)} bytes`}>{formatBytes(props.value)}</span>;
}

/** A version of the schema, shortened in the middle where it is narrow; `null` is "none". */
export function Version(props: { readonly version: string | null }): ComponentChildren {
  if (props.version === null) return <span class="dim">none</span>;
  return <code class="version">{props.version}</code>;
}

/** Where there is no value. */
export function Dash(): ComponentChildren {
  return (
    <span class="dim">
      <span aria-hidden="true">–</span>
      <span class="unseen">none</span>
    </span>
  );
}

/** How far something is, as a bar and in numbers. */
export function Progress(props: {
  readonly label: string;
  readonly done: number;
  readonly total: number;
}): ComponentChildren {
  const share = props.total === 0 ? 1 : props.done / props.total;
  return (
    <div class="progress">
      <progress
        aria-label={props.label}
        max={props.total || 1}
        value={props.total ? props.done : 1}
      />
      <span class="progress-text">
        {formatNumber(props.done)} of {formatNumber(props.total)}
        <span class="dim"> · {Math.floor(share * 100)} %</span>
      </span>
    </div>
  );
}
