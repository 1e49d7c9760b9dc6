import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { formatNumber } from "../format.ts";

/** One column. */
export interface ColumnValue {
  readonly key: string;
  readonly label: string;
  readonly value: number;
}

const HEIGHT = 150;
const LEFT = 36;
const BOTTOM = 22;
const TOP = 8;

/**
 * Values over time, as columns. Each can be looked at with the pointer and with the arrow keys; the same
 * numbers are in a table for screen readers.
 */
export function ColumnPlot(props: {
  /** What it shows, as a sentence without its full stop. */
  readonly label: string;
  readonly values: readonly ColumnValue[];
  /** What is counted, such as `tenants`. */
  readonly counted: (value: number) => string;
}): ComponentChildren {
  const { values } = props;
  const [chosen, choose] = useState<number | null>(null);
  const [box, width] = useWidth();
  const shown = chosen === null ? undefined : values[chosen];
  const move = (event: KeyboardEvent): void => {
    const last = values.length - 1;
    const at = chosen ?? values.length;
    const to = { ArrowLeft: at - 1, ArrowRight: at + 1, End: last, Home: 0 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    choose(Math.min(Math.max(to, 0), last));
  };
  return (
    <figure class="plot">
      <div
        ref={box}
        class="plot-box"
        role="group"
        aria-label={`${props.label}. Arrow keys read one day after the other.`}
        tabIndex={0}
        onKeyDown={move}
        onFocus={() => choose((last) => last ?? values.length - 1)}
        onBlur={() => choose(null)}
        onPointerLeave={() => choose(null)}
      >
        {width > 0 && <Columns values={values} width={width} chosen={chosen} onChoose={choose} />}
      </div>
      <figcaption class="plot-said" aria-live="polite">
        {shown ? `${shown.label}: ${props.counted(shown.value)}` : summaryOf(values, props.counted)}
      </figcaption>
      <ValueTable label={props.label} values={values} />
    </figure>
  );
}

function summaryOf(values: readonly ColumnValue[], counted: (value: number) => string): string {
  const sum = values.reduce((total, { value }) => total + value, 0);
  return `${counted(sum)} in ${values.length} days`;
}

function Columns(props: {
  readonly values: readonly ColumnValue[];
  readonly width: number;
  readonly chosen: number | null;
  readonly onChoose: (index: number) => void;
}): ComponentChildren {
  const { values, width } = props;
  const ticks = ticksOf(Math.max(...values.map(({ value }) => value), 0));
  const most = ticks.at(-1) ?? 1;
  const ground = HEIGHT - BOTTOM;
  const heightOf = (value: number): number => (value / most) * (ground - TOP);
  const step = (width - LEFT) / Math.max(values.length, 1);
  // A label about every ninety pixels, from the last day backwards.
  const every = Math.max(1, Math.ceil(90 / step));
  return (
    <svg width={width} height={HEIGHT} viewBox={`0 0 ${width} ${HEIGHT}`} aria-hidden="true">
      {ticks.map((tick) => (
        <g key={tick} class="plot-tick">
          <line x1={LEFT} x2={width} y1={ground - heightOf(tick)} y2={ground - heightOf(tick)} />
          <text x={LEFT - 8} y={ground - heightOf(tick) + 4} text-anchor="end">
            {formatNumber(tick)}
          </text>
        </g>
      ))}
      {values.map(({ key, label, value }, index) => {
        const x = LEFT + index * step;
        const height = value === 0 ? 0 : Math.max(2, heightOf(value));
        const isLabelled = (values.length - 1 - index) % every === 0 && x > LEFT + 20;
        const gap = Math.min(3, step * 0.2);
        return (
          <g
            key={key}
            class={index === props.chosen ? "plot-column plot-chosen" : "plot-column"}
            onPointerMove={() => props.onChoose(index)}
          >
            <rect class="plot-hit" x={x} y={0} width={step} height={ground} />
            <rect
              class="plot-bar"
              x={x + gap / 2}
              y={ground - height}
              width={Math.max(1, step - gap)}
              height={height}
              rx={Math.min(2, step / 4)}
            />
            {isLabelled && (
              <text x={Math.min(x + step / 2, width - 20)} y={HEIGHT - 5} text-anchor="middle">
                {label}
              </text>
            )}
          </g>
        );
      })}
    </svg>
  );
}

/** Zero, and up to four round numbers above it, the last of which is at least `most`. */
function ticksOf(most: number): number[] {
  const rough = Math.max(1, most) / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step =
    [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((size) => size >= rough) ?? 1;
  const whole = Math.max(1, Math.ceil(step));
  return Array.from({ length: Math.max(1, Math.ceil(most / whole)) + 1 }, (_, at) => at * whole);
}

function ValueTable(props: {
  readonly label: string;
  readonly values: readonly ColumnValue[];
}): ComponentChildren {
  return (
    <table class="unseen">
      <caption>{props.label}</caption>
      <thead>
        <tr>
          <th scope="col">Day</th>
          <th scope="col">Tenants</th>
        </tr>
      </thead>
      <tbody>
        {props.values.map(({ key, label, value }) => (
          <tr key={key}>
            <th scope="row">{label}</th>
            <td>{value}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function useWidth(): [ref: { current: HTMLDivElement | null }, width: number] {
  const ref = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  useEffect(() => {
    if (ref.current === null) return undefined;
    const observer = new ResizeObserver(([entry]) => {
      if (entry !== undefined) setWidth(Math.floor(entry.contentRect.width));
    });
    observer.observe(ref.current);
    return () => observer.disconnect();
  }, []);
  return [ref, width];
}
