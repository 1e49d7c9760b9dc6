import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Overview } from "../../contract.ts";
import { withQuery } from "../api.ts";
import { ButtonLink } from "../components/button.tsx";
import { Page, Panel } from "../components/page.tsx";
import { ErrorBox, Skeleton } from "../components/states.tsx";
import { formatCount, formatDay } from "../format.ts";
import { ColumnPlot } from "../plots/column-plot.tsx";
import { type Resource, useResource, whenRunsChange, whenTenantsChange } from "../resource.ts";
import { hrefOf } from "../router.ts";
import { useMay } from "../session.ts";
import { FirstTenant } from "./first-tenant.tsx";
import { FailuresPanel, FleetPanel, LargestPanel, VersionsPanel } from "./overview-panels.tsx";

const RANGES: readonly [days: number, words: string][] = [
  [30, "30 days"],
  [90, "90 days"],
  [365, "1 year"],
];

const tenantsChange = whenTenantsChange();

/** The fleet at a glance: what there is, what is new, what is wrong. */
export function OverviewPage(): ComponentChildren {
  const [days, setDays] = useState(30);
  const overview = useResource<Overview>(withQuery("overview", { days }), {
    keep: true,
    live: (event) => tenantsChange(event) || whenRunsChange(event),
  });
  useSecondLook(overview);
  const mayOperate = useMay("operate");
  const { data, error } = overview;
  const hasTenants = data !== undefined && data.tenants > 0;
  return (
    <Page
      title="Overview"
      actions={
        mayOperate &&
        hasTenants && (
          <ButtonLink kind="primary" icon="plus" href={hrefOf("/new")}>
            New tenant
          </ButtonLink>
        )
      }
    >
      <div class="panels">
        {error && (
          <div class="panel-wide">
            <ErrorBox title="The fleet could not be read" error={error} onRetry={overview.reload} />
          </div>
        )}
        {data === undefined && !error && <OverviewSkeleton />}
        {data !== undefined && !hasTenants && <FirstTenant />}
        {hasTenants && (
          <>
            <FleetPanel overview={data} />
            <CreatedPanel overview={data} days={days} onDays={setDays} />
            <div class="panel-stack">
              <VersionsPanel overview={data} />
              <FailuresPanel overview={data} />
            </div>
            <LargestPanel largest={data.largest} />
          </>
        )}
      </div>
    </Page>
  );
}

function CreatedPanel(props: {
  readonly overview: Overview;
  readonly days: number;
  readonly onDays: (days: number) => void;
}): ComponentChildren {
  const range = (
    <select
      class="select select-small"
      aria-label="Days shown"
      value={props.days}
      onChange={(event) => props.onDays(Number(event.currentTarget.value))}
    >
      {RANGES.map(([days, words]) => (
        <option key={days} value={days}>
          {words}
        </option>
      ))}
    </select>
  );
  return (
    <Panel title="Created over time" aside={range} class="panel-wide">
      <ColumnPlot
        label="Tenants created on each day"
        counted={(value) => formatCount(value, "tenant")}
        values={props.overview.created.map(({ day, tenants }) => ({
          key: day,
          label: formatDay(day),
          value: tenants,
        }))}
      />
    </Panel>
  );
}

/** Sizes come later than the rest: the server's catalog is slow to ask for a large fleet. */
function useSecondLook(overview: Resource<Overview>): void {
  const [looks, setLooks] = useState(0);
  const isMissing = overview.data?.largest === null && overview.data.tenants > 0;
  const { isLoading, reload } = overview;
  useEffect(() => {
    if (!isMissing || isLoading || looks >= 5) return undefined;
    const timer = setTimeout(
      () => {
        setLooks(looks + 1);
        reload();
      },
      2000 * (looks + 1),
    );
    return () => clearTimeout(timer);
  }, [isMissing, isLoading, looks, reload]);
}

function OverviewSkeleton(): ComponentChildren {
  return (
    <>
      {[true, true, false, false].map((isWide, index) => (
        <div key={index} class={isWide ? "panel panel-wide" : "panel"}>
          <div class="panel-body">
            <Skeleton lines={isWide ? 3 : 6} />
          </div>
        </div>
      ))}
    </>
  );
}
