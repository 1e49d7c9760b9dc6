import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import type { MigrationsOverview, Operation, RunDetails } from "../../contract.ts";
import { path, withQuery } from "../api.ts";
import { Badge } from "../components/badge.tsx";
import { Button } from "../components/button.tsx";
import { Page, Panel } from "../components/page.tsx";
import { Empty, ErrorBox, Skeleton } from "../components/states.tsx";
import { Time, Version } from "../components/values.tsx";
import { formatNumber } from "../format.ts";
import { useKnownOperations } from "../operations.ts";
import { useResource, whenRunsChange } from "../resource.ts";
import { hrefOf, navigate, type PageProps } from "../router.ts";
import { SlugLinks } from "./migrations-slugs.tsx";
import { RunCountsBar, RunCountsLine } from "./run-counts.tsx";
import { RunFailureGroups } from "./run-failure-groups.tsx";
import { Took } from "./run-list.tsx";
import { RunProgress } from "./run-progress.tsx";
import { RunResume } from "./run-resume.tsx";
import { runOptions, runTitle, whyStopped } from "./run-words.ts";
import { Fact } from "./tenant-facts.tsx";

const FIRST = 500;
const MOST = 10_000;

/** One run over the fleet: what came of it, who failed with what, and what is left. */
export function RunPage(props: PageProps): ComponentChildren {
  const id = props.params["id"] ?? "";
  const [limit, setLimit] = useState(FIRST);
  const run = useResource<RunDetails>(withQuery(path`runs/${id}`, { limit }), {
    keep: true,
    live: whenRunsChange,
  });
  const { data, error, reload } = run;
  const title = `Run ${id}`;
  const above = <a href={hrefOf("/migrations")}>Migrations</a>;
  if (data === undefined) {
    return (
      <Page title={title} above={above}>
        {error?.status === 404 ? (
          <Empty title="There is no such run.">
            <p>Only the last runs are kept.</p>
          </Empty>
        ) : error ? (
          <ErrorBox title="The run could not be read" error={error} onRetry={reload} />
        ) : (
          <Skeleton lines={8} isTall />
        )}
      </Page>
    );
  }
  const left = data.counts.failed + data.counts.notReached;
  return (
    <Page
      title={title}
      above={above}
      heading={
        <>
          Run {id}: {runTitle(data)}
          <Badge state={data.state} />
        </>
      }
      intro={whyStopped(data)}
    >
      <div class="tenant">
        <LiveRun run={data} onEnd={reload} />
        <Facts run={data} />
        <Panel title="Tenants">
          <div class="run-tenants">
            <RunCountsBar counts={data.counts} />
            <RunCountsLine counts={data.counts} />
          </div>
        </Panel>
        {data.tenants.length > 0 && <Undone run={data} />}
        {data.tenants.length < left && limit < MOST && (
          <p class="more">
            <Button onClick={() => setLimit(MOST)}>
              Show all {formatNumber(Math.min(left, MOST))} that are left
            </Button>
          </p>
        )}
      </div>
    </Page>
  );
}

/** The run as it happens, if it is at work in the server's process; or what takes up what is left. */
function LiveRun(props: {
  readonly run: RunDetails;
  readonly onEnd: () => void;
}): ComponentChildren {
  const { run } = props;
  const overview = useResource<MigrationsOverview>(run.endedAt === null ? null : "migrations", {
    live: whenRunsChange,
  });
  const operation = [...useKnownOperations().values()].find(
    ({ runId, state }) => runId === run.id && state === "running",
  );
  const [begun, setBegun] = useState<Operation | null>(null);
  if (begun !== null) {
    return <RunProgress begun={begun} onEnd={({ runId }) => goTo(runId)} />;
  }
  if (operation !== undefined) return <RunProgress begun={operation} onEnd={props.onEnd} />;
  if (run.resumedBy !== null) {
    return (
      <p class="hint">
        What it left was taken up by{" "}
        <a href={hrefOf(`/migrations/runs/${run.resumedBy}`)}>run {run.resumedBy}</a>.
      </p>
    );
  }
  return overview.data?.resumable === run.id ? (
    <RunResume run={run} isHere onBegun={setBegun} />
  ) : null;
}

function goTo(runId: string | null): void {
  if (runId !== null) navigate(`/migrations/runs/${encodeURIComponent(runId)}`);
}

function Facts(props: { readonly run: RunDetails }): ComponentChildren {
  const { run } = props;
  return (
    <dl class="facts">
      <Fact name="Started">
        <Time at={run.startedAt} />
      </Fact>
      <Fact name="Took">
        <Took run={run} />
      </Fact>
      <Fact name="Newest version">
        <Version version={run.latestVersion} />
      </Fact>
      <Fact name="On">{run.host}</Fact>
      {run.resumes !== null && (
        <Fact name="Takes up">
          <a href={hrefOf(`/migrations/runs/${run.resumes}`)}>run {run.resumes}</a>
        </Fact>
      )}
      {runOptions(run.options).map(({ label, slugs, value }) => (
        <Fact key={label} name={label} isLong={value.length > 24}>
          {slugs === null ? value : <SlugLinks slugs={slugs} count={slugs.length} />}
        </Fact>
      ))}
    </dl>
  );
}

/** Those that failed, by error, and those that nobody came to. */
function Undone(props: { readonly run: RunDetails }): ComponentChildren {
  const { counts, tenants } = props.run;
  const failed = tenants.filter(({ outcome }) => outcome === "failed");
  const notReached = tenants.filter(({ outcome }) => outcome === "notReached");
  return (
    <>
      {failed.length > 0 && (
        <Panel title="Failed" aside={formatNumber(counts.failed)}>
          <RunFailureGroups title="Failed, by error" isTitled={false} failures={failed} />
        </Panel>
      )}
      {notReached.length > 0 && (
        <Panel title="Not reached" aside={formatNumber(counts.notReached)}>
          <SlugLinks slugs={notReached.map(({ slug }) => slug)} count={counts.notReached} />
        </Panel>
      )}
    </>
  );
}
