import type { ComponentChildren } from "preact";
import { formatNumber } from "../format.ts";

/** One bar. */
export interface Bar {
  readonly key: string;
  /** What it is of: text, or a link. */
  readonly label: ComponentChildren;
  readonly value: number;
  /** Part of the value that is drawn in another pattern, such as tenants that are behind. */
  readonly marked?: number;
  /** The value as text. Default: the number. */
  readonly text?: ComponentChildren;
}

/** Bars below each other. It is a table, so that it can be read as well as looked at. */
export function BarList(props: {
  readonly caption: string;
  /** Headings of the first and the last column, for screen readers. */
  readonly titles: readonly [label: string, value: string];
  readonly bars: readonly Bar[];
}): ComponentChildren {
  const most = Math.max(1, ...props.bars.map((bar) => bar.value));
  return (
    // Roles are written out because rows that are laid out as a grid would lose theirs.
    <table class="bars" role="table">
      <caption class="unseen">{props.caption}</caption>
      <thead class="unseen" role="rowgroup">
        <tr role="row">
          <th scope="col" role="columnheader">
            {props.titles[0]}
          </th>
          <td role="cell" />
          <th scope="col" role="columnheader">
            {props.titles[1]}
          </th>
        </tr>
      </thead>
      <tbody role="rowgroup">
        {props.bars.map((bar) => (
          <tr key={bar.key} role="row">
            <th scope="row" role="rowheader">
              {bar.label}
            </th>
            <td class="bars-plot" role="cell">
              <BarShape share={bar.value / most} marked={(bar.marked ?? 0) / most} />
            </td>
            <td class="bars-value" role="cell">
              {bar.text ?? formatNumber(bar.value)}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function BarShape(props: { readonly share: number; readonly marked: number }): ComponentChildren {
  // A bar of something is never invisible.
  const width = props.share === 0 ? 0 : Math.max(0.6, props.share * 100);
  return (
    <svg class="bar-shape" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
      <rect class="bar-track" width="100" height="10" />
      <rect class="bar-fill" width={width} height="10" />
      {props.marked > 0 && <rect class="bar-marked" width={props.marked * 100} height="10" />}
    </svg>
  );
}
