import type { ComponentChildren } from "preact";
import type { MigrationsOverview, SlugGroup } from "../../contract.ts";
import { Mark, type Tone } from "../components/badge.tsx";
import { Panel } from "../components/page.tsx";
import { formatCount } from "../format.ts";
import { hrefOf } from "../router.ts";
import { RunFailureGroups } from "./run-failure-groups.tsx";
import { SlugLinks } from "./migrations-slugs.tsx";

interface Kind {
  readonly key: "ahead" | "behind" | "changed" | "dirty";
  readonly tone: Tone;
  readonly title: string;
  readonly meaning: string;
}

const KINDS: readonly Kind[] = [
  {
    key: "dirty",
    meaning: "A migration stopped halfway, or is at work right now. Look at the tenant.",
    title: "Half-done",
    tone: "bad",
  },
  {
    key: "changed",
    meaning:
      "A migration's file is not what was applied. Restore it; put the change into a new one.",
    title: "Changed",
    tone: "warn",
  },
  {
    key: "behind",
    meaning: "Something is pending. A run brings them up to date.",
    title: "Behind",
    tone: "warn",
  },
  {
    key: "ahead",
    meaning: "They have a migration that is unknown here: a newer checkout has migrated them.",
    title: "Ahead",
    tone: "info",
  },
];

/** Tenants that are not as the newest migrations would have them, by kind. */
export function MigrationGroups(props: {
  readonly overview: MigrationsOverview;
}): ComponentChildren {
  const { failed, tenants } = props.overview;
  const shown = KINDS.filter(({ key }) => props.overview[key].count > 0);
  if (shown.length === 0 && failed.count === 0) {
    return tenants === 0 ? null : (
      <Panel title="Who is where">
        <p class="all-well">
          <Mark tone="good" />
          Every tenant is up to date.
        </p>
      </Panel>
    );
  }
  return (
    <Panel title="Who is where">
      <ul class="groups">
        {failed.count > 0 && <Failed failed={failed} />}
        {shown.map((kind) => (
          <Group key={kind.key} kind={kind} group={props.overview[kind.key]} />
        ))}
      </ul>
    </Panel>
  );
}

function Group(props: { readonly kind: Kind; readonly group: SlugGroup }): ComponentChildren {
  const { meaning, title, tone } = props.kind;
  return (
    <li class="group">
      <GroupHead title={title} tone={tone} count={props.group.count} />
      <p class="hint">{meaning}</p>
      <SlugLinks {...props.group} />
    </li>
  );
}

function Failed(props: { readonly failed: MigrationsOverview["failed"] }): ComponentChildren {
  const { count, tenants } = props.failed;
  const runs = [...new Set(tenants.flatMap(({ run }) => run ?? []))];
  return (
    <li class="group">
      <GroupHead title="Failed" tone="bad" count={count} />
      <RunFailureGroups
        title="Failed, by error"
        isTitled={false}
        failures={tenants.map(({ code, slug }) => ({ code, message: null, slug }))}
      />
      {runs.length > 0 && (
        <p class="hint">
          More in{" "}
          {runs.map((run, index) => (
            <span key={run}>
              {index > 0 && ", "}
              <a href={hrefOf(`/migrations/runs/${run}`)}>run {run}</a>
            </span>
          ))}
          .
        </p>
      )}
    </li>
  );
}

function GroupHead(props: {
  readonly title: string;
  readonly tone: Tone;
  readonly count: number;
}): ComponentChildren {
  return (
    <h3 class="group-head">
      <Mark tone={props.tone} />
      {props.title}
      <span class="dim">{formatCount(props.count, "tenant")}</span>
    </h3>
  );
}
