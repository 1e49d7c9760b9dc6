import type { ComponentChildren } from "preact";
import type { RunList, RunView } from "../../contract.ts";
import { Badge } from "../components/badge.tsx";
import { Panel } from "../components/page.tsx";
import { Empty, ErrorBox, Skeleton } from "../components/states.tsx";
import { Table } from "../components/table.tsx";
import { Time } from "../components/values.tsx";
import { formatDuration, formatNumber } from "../format.ts";
import type { Resource } from "../resource.ts";
import { hrefOf } from "../router.ts";
import { RunCountsBar } from "./run-counts.tsx";
import { runTitle } from "./run-words.ts";

/** The last runs over the fleet, the newest first. */
export function Runs(props: { readonly list: Resource<RunList> }): ComponentChildren {
  const { data, error, reload } = props.list;
  return (
    <Panel title="Runs" class="panel-flush panel-wide">
      {error ? (
        <ErrorBox title="The runs could not be read" error={error} onRetry={reload} />
      ) : data === undefined ? (
        <Skeleton isTall />
      ) : data.runs.length === 0 ? (
        <Empty title="Nobody has run over the fleet yet." />
      ) : (
        <RunTable runs={data.runs} />
      )}
    </Panel>
  );
}

function RunTable(props: { readonly runs: readonly RunView[] }): ComponentChildren {
  return (
    <Table
      caption="Runs over the fleet, the newest first"
      rows={props.runs}
      keyOf={({ id }) => id}
      columns={[
        {
          cell: (run) => (
            <a class="run-link" href={hrefOf(`/migrations/runs/${run.id}`)}>
              {run.id}: {runTitle(run)}
            </a>
          ),
          key: "run",
          title: "Run",
        },
        { cell: ({ state }) => <Badge state={state} />, key: "state", title: "State" },
        {
          cell: ({ counts }) => <RunCountsBar counts={counts} />,
          isExtra: true,
          key: "share",
          title: "Tenants",
        },
        {
          cell: ({ counts }) => formatNumber(counts.changed),
          isNumeric: true,
          key: "changed",
          title: "Changed",
        },
        {
          cell: ({ counts }) => formatNumber(counts.failed + counts.notReached),
          isNumeric: true,
          key: "left",
          title: "Left",
        },
        { cell: ({ startedAt }) => <Time at={startedAt} />, key: "started", title: "Started" },
        {
          cell: (run) => <Took run={run} />,
          isExtra: true,
          isNumeric: true,
          key: "took",
          title: "Took",
        },
      ]}
    />
  );
}

/** How long a run took. */
export function Took(props: {
  readonly run: Pick<RunView, "endedAt" | "startedAt">;
}): ComponentChildren {
  const { endedAt, startedAt } = props.run;
  if (endedAt === null) return <span class="dim">not ended</span>;
  return <>{formatDuration(Date.parse(endedAt) - Date.parse(startedAt))}</>;
}
