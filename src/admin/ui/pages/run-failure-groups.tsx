import type { ComponentChildren } from "preact";
import { formatCount } from "../format.ts";
import { type Failure, groupFailures } from "./run-failures.ts";
import { SlugLinks } from "./migrations-slugs.tsx";

/** Failures by their error, the most frequent first. */
export function RunFailureGroups(props: {
  readonly title: string;
  /** Whether the title is shown, too. Default `true`. */
  readonly isTitled?: boolean;
  readonly failures: readonly Failure[];
}): ComponentChildren {
  const groups = groupFailures(props.failures);
  if (groups.length === 0) return null;
  return (
    <section class="failure-groups" aria-label={props.title}>
      {props.isTitled !== false && <h3>{props.title}</h3>}
      <ul class="failure-groups">
        {groups.map(({ code, message, slugs }) => (
          <li key={`${code} ${slugs[0]}`} class="failure">
            <p class="failure-head">
              <code>{code ?? "error"}</code>
              <span class="dim">{formatCount(slugs.length, "tenant")}</span>
            </p>
            {message !== null && <p class="failure-message">{message}</p>}
            <SlugLinks slugs={slugs} count={slugs.length} />
          </li>
        ))}
      </ul>
    </section>
  );
}
