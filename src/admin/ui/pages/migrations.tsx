import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import type { MigrationsOverview, Operation, RunList } from "../../contract.ts";
import { Button } from "../components/button.tsx";
import { Page } from "../components/page.tsx";
import { ErrorBox, Skeleton } from "../components/states.tsx";
import { Version } from "../components/values.tsx";
import { useKnownOperations } from "../operations.ts";
import { useResource, whenRunsChange, whenTenantsChange } from "../resource.ts";
import { useMay } from "../session.ts";
import { GlobalMigrations } from "./migrations-global.tsx";
import { MigrationGroups } from "./migrations-groups.tsx";
import { MigrationVersions, PendingMigrations } from "./migrations-versions.tsx";
import { Runs } from "./run-list.tsx";
import { RunProgress } from "./run-progress.tsx";
import { RunResume } from "./run-resume.tsx";
import { RunStart } from "./run-start.tsx";

export { RunPage } from "./run.tsx";

/** Which migrations the fleet has, and the runs that bring them there. */
export function MigrationsPage(): ComponentChildren {
  const whenTenants = whenTenantsChange();
  const overview = useResource<MigrationsOverview>("migrations", {
    live: (event) => whenRunsChange(event) || whenTenants(event),
  });
  const runs = useResource<RunList>("runs", { live: whenRunsChange });
  const [isStarting, setStarting] = useState(false);
  const [begun, setBegun] = useState<Operation | null>(null);
  const mayOperate = useMay("operate");
  const running = useRunningFleet();
  // What has ended gives way to what somebody else has begun since.
  const isMine = begun !== null && (begun.state === "running" || begun.id === running?.id);
  const shown = isMine ? begun : (running ?? begun);
  const reload = (): void => {
    overview.reload();
    runs.reload();
  };
  const { data, error } = overview;
  const resumed = runs.data?.runs.find(({ id }) => id === data?.resumable);
  return (
    <Page
      title="Migrations"
      intro={
        data && (
          <>
            Newest version: <Version version={data.latestVersion} />
          </>
        )
      }
      actions={
        mayOperate && (
          <Button kind="primary" icon="play" onClick={() => setStarting(true)}>
            Start a run…
          </Button>
        )
      }
    >
      <div class="panels">
        {shown && (
          <RunProgress
            key={shown.id}
            begun={shown}
            onEnd={(ended) => {
              setBegun(ended);
              reload();
            }}
            onDismiss={() => setBegun(null)}
          />
        )}
        {resumed && shown?.state !== "running" && (
          <div class="panel-wide">
            <RunResume run={resumed} onBegun={setBegun} />
          </div>
        )}
        {data ? (
          <>
            <div class="stack">
              <MigrationVersions overview={data} />
              <PendingMigrations overview={data} />
              <GlobalMigrations migrations={data.global} onChanged={reload} />
            </div>
            <MigrationGroups overview={data} />
          </>
        ) : error ? (
          <div class="panel-wide">
            <ErrorBox title="The versions could not be read" error={error} onRetry={reload} />
          </div>
        ) : (
          <Skeleton lines={8} />
        )}
        <Runs list={runs} />
      </div>
      {isStarting && (
        <RunStart overview={data} onBegun={setBegun} onClose={() => setStarting(false)} />
      )}
    </Page>
  );
}

/** The run that is at work in the server's process; what only looks is nobody else's business. */
function useRunningFleet(): Operation | null {
  const known = useKnownOperations();
  return (
    [...known.values()].findLast(
      ({ action, dryRun, state }) => action.startsWith("fleet.") && state === "running" && !dryRun,
    ) ?? null
  );
}
