import type { ComponentChildren } from "preact";
import type { Overview } from "../../contract.ts";
import { withQuery } from "../api.ts";
import { Mark, type Tone, toneOf } from "../components/badge.tsx";
import { Panel } from "../components/page.tsx";
import { Empty } from "../components/states.tsx";
import { Bytes, Version } from "../components/values.tsx";
import { formatBytes, formatCount, formatNumber } from "../format.ts";
import { BarList } from "../plots/bar-list.tsx";
import { ShareBar } from "../plots/share-bar.tsx";
import { hrefOf } from "../router.ts";
import { tenantHref, tenantStates } from "./tenant-list-query.ts";

/** How many tenants there are, in which states, and how many need somebody. */
export function FleetPanel(props: { readonly overview: Overview }): ComponentChildren {
  const { overview } = props;
  const shares = tenantStates(overview.states).map((state) => ({
    state,
    value: overview.states[state] ?? 0,
  }));
  return (
    <section class="panel panel-wide fleet" aria-labelledby="fleet-title">
      <div class="fleet-count">
        <h2 id="fleet-title" class="unseen">
          Tenants by state
        </h2>
        <p>
          <a href={hrefOf("/tenants")}>
            <strong>{formatNumber(overview.tenants)}</strong>{" "}
            {overview.tenants === 1 ? "tenant" : "tenants"}
          </a>
        </p>
      </div>
      <div class="fleet-states">
        <ShareBar shares={shares} />
        <ul>
          {shares.map(({ state, value }) => (
            <li key={state}>
              <a href={hrefOf(withQuery("/tenants", { state }))}>
                <Mark tone={toneOf(state)} />
                {state} <span class="fleet-number">{formatNumber(value)}</span>
              </a>
            </li>
          ))}
        </ul>
      </div>
      <div class="fleet-needs">
        <Need
          title="Behind"
          count={overview.behind}
          tone="warn"
          href={hrefOf("/migrations")}
          none="All are up to date"
          some="lack migrations"
        />
        <Need
          title="Failures"
          count={overview.failureCount}
          tone="bad"
          href="#failures"
          none="Nothing has failed"
          some="need a look"
        />
      </div>
    </section>
  );
}

function Need(props: {
  readonly title: string;
  readonly count: number;
  readonly tone: Tone;
  readonly href: string;
  readonly none: string;
  readonly some: string;
}): ComponentChildren {
  const isNone = props.count === 0;
  const content = (
    <>
      <span class="need-title">
        <Mark tone={isNone ? "good" : props.tone} />
        {props.title}
      </span>
      <strong>{formatNumber(props.count)}</strong>
      <span class="need-words">{isNone ? props.none : props.some}</span>
    </>
  );
  if (isNone) return <p class="need">{content}</p>;
  const isHere = props.href.startsWith("#");
  return (
    <a
      class="need need-some"
      href={isHere ? hrefOf("/") : props.href}
      onClick={
        isHere
          ? (event) => {
              event.preventDefault();
              goToPart(props.href.slice(1));
            }
          : undefined
      }
    >
      {content}
    </a>
  );
}

function goToPart(id: string): void {
  const part = document.getElementById(id);
  part?.scrollIntoView();
  part?.querySelector("a")?.focus({ preventScroll: true });
}

/** Which versions the tenants have, and how many are behind. */
export function VersionsPanel(props: { readonly overview: Overview }): ComponentChildren {
  const { latestVersion, versions } = props.overview;
  return (
    <Panel title="Versions" aside={<a href={hrefOf("/migrations")}>Migrations</a>}>
      <BarList
        caption="Tenants by version, the newest first"
        titles={["Version", "Tenants"]}
        bars={versions.map(({ version, tenants, behind, ahead }) => ({
          key: version ?? "none",
          label: (
            <a href={hrefOf(withQuery("/tenants", { version: version ?? "none" }))}>
              <Version version={version} />
            </a>
          ),
          value: tenants,
          marked: behind,
          text: (
            <>
              {formatNumber(tenants)}
              <span class="bars-word">
                {wordOf({ isLatest: version === latestVersion, tenants, behind, ahead })}
              </span>
            </>
          ),
        }))}
      />
    </Panel>
  );
}

function wordOf(group: {
  readonly isLatest: boolean;
  readonly tenants: number;
  readonly behind: number;
  readonly ahead: number;
}): string {
  const { isLatest, tenants, behind, ahead } = group;
  if (behind > 0) return behind === tenants ? "behind" : `${formatNumber(behind)} behind`;
  if (ahead > 0) return ahead === tenants ? "ahead" : `${formatNumber(ahead)} ahead`;
  return isLatest ? "latest" : "";
}

/** The largest tenants, by what they take on the server's disk. */
export function LargestPanel(props: { readonly largest: Overview["largest"] }): ComponentChildren {
  const { largest } = props;
  const sum = largest?.reduce((total, { bytes }) => total + bytes, 0) ?? 0;
  return (
    <Panel title="Largest tenants" aside={sum > 0 && `${formatBytes(sum)} together`}>
      {largest === null && <Empty title="Still being measured…" />}
      {largest?.length === 0 && <Empty title="Nothing to measure yet." />}
      {largest !== null && largest.length > 0 && (
        <BarList
          caption="The largest tenants"
          titles={["Tenant", "Size"]}
          bars={largest.map(({ slug, bytes, tables }) => ({
            key: slug,
            label: (
              <a class="mono" href={tenantHref(slug)}>
                {slug}
              </a>
            ),
            value: bytes,
            text: (
              <>
                <Bytes value={bytes} />
                <span class="bars-word">{formatCount(tables, "table")}</span>
              </>
            ),
          }))}
        />
      )}
    </Panel>
  );
}

/** Tenants that could not be made or migrated, and why. */
export function FailuresPanel(props: { readonly overview: Overview }): ComponentChildren {
  const { failureCount, failures } = props.overview;
  const aside =
    failureCount > failures.length ? (
      <a href={hrefOf("/migrations")}>All {formatNumber(failureCount)}</a>
    ) : null;
  return (
    <Panel title={<span id="failures-title">Failures</span>} aside={aside}>
      {failures.length === 0 ? (
        <Empty title="Nothing has failed.">
          <p>Tenants that could not be made or migrated appear here.</p>
        </Empty>
      ) : (
        <ul class="failures" id="failures" aria-labelledby="failures-title">
          {failures.map(({ slug, code, run }) => (
            <li key={slug}>
              <Mark tone="bad" />
              <a class="mono" href={tenantHref(slug)}>
                {slug}
              </a>
              <span class="failures-why">
                {code === null ? "could not be created" : <code>{code}</code>}
                {run !== null && (
                  <a href={hrefOf(`/migrations/runs/${encodeURIComponent(run)}`)}>its run</a>
                )}
              </span>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}
