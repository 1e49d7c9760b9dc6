/** One line of a panel. */
export interface Series {
  /** Written at its end. */
  readonly label: string;
  /** Class of its line, dots and label: `ours`, `floor` or `other`. */
  readonly kind: "ours" | "floor" | "other";
  /** Numbers of tenants, with what was measured there. */
  readonly points: readonly (readonly [tenants: number, value: number])[];
}

/** One diagram, over numbers of tenants. */
export interface Panel {
  readonly title: string;
  readonly unit: string;
  readonly series: readonly Series[];
}

/** Width of a picture: that of a phone, so that nothing shrinks there. */
export const WIDTH = 400;
/** Height of one panel. */
export const PANEL_HEIGHT = 224;

const PLOT = { bottom: 188, left: 50, right: 258, top: 52 };
const LABEL_DISTANCE = 14;

/** Draws a panel with its upper edge at `y`. */
export function drawPanel({ series, title, unit }: Panel, y: number): string {
  const drawn = series.filter(({ points }) => points.length > 0);
  const values = drawn.flatMap(({ points }) => points.map(([, value]) => value));
  const tenants = [...new Set(drawn.flatMap(({ points }) => points.map(([count]) => count)))];
  const across = scale(tenants, PLOT.left + 8, PLOT.right - 8, true);
  // Where some are many times as slow as others, a straight axis would show only them.
  const isLogarithmic = Math.max(...values) > 20 * Math.min(...values);
  const ticks = isLogarithmic ? powersOfTen(values) : evenTicks(Math.max(...values));
  const up = scale(ticks, PLOT.bottom, PLOT.top, isLogarithmic);
  const heights = spread(drawn.map(({ points }) => up(points.at(-1)?.[1] ?? 0)));
  return [
    `<g transform="translate(0 ${y})">`,
    `<text class="title" x="12" y="20">${escape(title)}</text>`,
    `<text class="note" x="12" y="35">${escape(unit)}</text>`,
    ...ticks.map((tick) => drawTick(tick, up(tick))),
    ...tenants.map((count) => {
      const x = across(count);
      return `<text class="note" x="${round(x)}" y="${PLOT.bottom + 17}" text-anchor="middle">${shown(count)}</text>`;
    }),
    ...drawn.map((one, index) => drawSeries(one, across, up, heights[index] ?? 0)),
    "</g>",
  ].join("\n");
}

type Scale = (value: number) => number;

/** Maps the range of some values to pixels. */
function scale(
  values: readonly number[],
  start: number,
  end: number,
  isLogarithmic: boolean,
): Scale {
  const of = (value: number): number => (isLogarithmic ? Math.log10(value) : value);
  const [first, last] = [of(Math.min(...values)), of(Math.max(...values))];
  return (value) => start + ((of(value) - first) / (last - first || 1)) * (end - start);
}

function drawTick(value: number, y: number): string {
  const [at, text] = [round(y), round(y + 4)];
  return (
    `<line class="grid" x1="${PLOT.left}" x2="${PLOT.right}" y1="${at}" y2="${at}"/>` +
    `<text class="note" x="${PLOT.left - 6}" y="${text}" text-anchor="end">${shown(value)}</text>`
  );
}

function drawSeries(
  { kind, label, points }: Series,
  across: Scale,
  up: Scale,
  labelAt: number,
): string {
  const places = points.map(([count, value]) => [round(across(count)), round(up(value))] as const);
  const [lastX = 0, lastY = 0] = places.at(-1) ?? [];
  const value = shown(points.at(-1)?.[1] ?? 0);
  return [
    `<polyline class="line ${kind}" points="${places.map((place) => place.join(",")).join(" ")}"/>`,
    ...places.map(([x, y]) => `<circle class="dot ${kind}" cx="${x}" cy="${y}" r="3"/>`),
    // From the last dot to its label, which may stand higher or lower to leave room for others.
    `<line class="leader" x1="${lastX + 4}" y1="${lastY}" x2="${PLOT.right + 6}" y2="${round(labelAt)}"/>`,
    `<text class="label ${kind}" x="${PLOT.right + 9}" y="${round(labelAt + 4)}">${escape(label)} ${value}</text>`,
  ].join("\n");
}

/** Moves heights apart, so that no label covers another, and keeps their order. */
function spread(heights: readonly number[]): number[] {
  const order = heights
    .map((_, index) => index)
    .toSorted((a, b) => at(heights, a) - at(heights, b));
  const moved = [...heights];
  let lowest = -Infinity;
  for (const index of order) {
    lowest = Math.max(at(heights, index), lowest + LABEL_DISTANCE);
    moved[index] = lowest;
  }
  // What would stand below the plot pushes the others up.
  let highest = PLOT.bottom + 4;
  for (const index of order.toReversed()) {
    highest = Math.min(at(moved, index), highest);
    moved[index] = highest;
    highest -= LABEL_DISTANCE;
  }
  return moved;
}

function at(values: readonly number[], index: number): number {
  return values[index] ?? 0;
}

function powersOfTen(values: readonly number[]): number[] {
  const first = Math.floor(Math.log10(Math.min(...values)));
  const last = Math.ceil(Math.log10(Math.max(...values)));
  return Array.from({ length: last - first + 1 }, (_, index) => 10 ** (first + index));
}

/** Returns three or four round numbers from 0 to at least `largest`. */
function evenTicks(largest: number): number[] {
  const size = 10 ** Math.floor(Math.log10(largest));
  const step = [0.5, 1, 2, 5].map((factor) => factor * size).find((one) => one * 3 >= largest);
  const chosen = step ?? size * 5;
  return Array.from({ length: Math.ceil(largest / chosen) + 1 }, (_, index) => index * chosen);
}

function shown(value: number): string {
  if (value >= 10 || Number.isInteger(value)) {
    return Math.round(value).toLocaleString("en-GB");
  }
  return String(Number(value.toPrecision(2)));
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
