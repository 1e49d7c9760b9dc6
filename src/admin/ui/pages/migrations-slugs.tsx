import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { Button } from "../components/button.tsx";
import { formatNumber } from "../format.ts";
import { hrefOf } from "../router.ts";

const SHOWN = 12;

/** Slugs as links; of many, the first until more are asked for. */
export function SlugLinks(props: {
  readonly slugs: readonly string[];
  /** How many there are; some may not be known by name. */
  readonly count: number;
}): ComponentChildren {
  const { count, slugs } = props;
  const [isWhole, setWhole] = useState(false);
  const shown = isWhole ? slugs : slugs.slice(0, SHOWN);
  return (
    <ul class="slugs">
      {shown.map((slug) => (
        <li key={slug}>
          <a class="slug" href={hrefOf(`/tenants/${encodeURIComponent(slug)}`)}>
            {slug}
          </a>
        </li>
      ))}
      {shown.length < slugs.length && (
        <li>
          <Button small kind="ghost" onClick={() => setWhole(true)}>
            {formatNumber(slugs.length - shown.length)} more
          </Button>
        </li>
      )}
      {slugs.length < count && isWholeOrFew(isWhole, slugs) && (
        <li class="dim">and {formatNumber(count - slugs.length)} that are not listed here</li>
      )}
    </ul>
  );
}

function isWholeOrFew(isWhole: boolean, slugs: readonly string[]): boolean {
  return isWhole || slugs.length <= SHOWN;
}
