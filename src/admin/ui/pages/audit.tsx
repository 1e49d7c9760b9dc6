import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { withQuery } from "../api.ts";
import { Button } from "../components/button.tsx";
import { Page, Panel } from "../components/page.tsx";
import { Empty, ErrorBox, Skeleton } from "../components/states.tsx";
import { formatCount } from "../format.ts";
import { useKnownOperations } from "../operations.ts";
import { useDebounced } from "../resource.ts";
import { keptState, navigate, type PageProps } from "../router.ts";
import { type AuditFilter, AuditFilters, EVERYTHING } from "./audit-filters.tsx";
import { useAuditPages } from "./audit-pages.ts";
import { AuditTable } from "./audit-table.tsx";

/** Who changed what, and when. */
export function AuditPage(props: PageProps): ComponentChildren {
  const [filter, setFilter] = useState(() => filterOf(props.place.query));
  const written = useRef(0);
  useEffect(() => {
    written.current += 1;
    keepInAddress(filter, written.current);
  }, [filter]);
  useEffect(() => {
    // Not what this page has put there last, but a link to it, or the way back.
    const kept = keptState() as Kept | null;
    if (kept?.turn !== written.current) setFilter(filterOf(props.place.query));
  }, [props.place.query.toString()]);
  const pages = useAuditPages(useDebounced(filter, 250));
  const operations = useKnownOperations();
  const { entries, error } = pages;
  const isAny = Object.values(filter).some((value) => value !== "");
  return (
    <Page title="Audit log" intro="Every change: who made it, when, and what came of it.">
      <div class="audit">
        <AuditFilters filter={filter} onChange={setFilter} />
        {error && (
          <ErrorBox title="The log could not be read" error={error} onRetry={pages.reload} />
        )}
        {entries === undefined ? (
          !error && <Skeleton lines={8} isTall />
        ) : (
          <Panel
            title="Changes"
            class="panel-flush"
            aside={
              <span role="status">
                {pages.hasMore
                  ? `the newest ${entries.length}`
                  : formatCount(entries.length, "entry", "entries")}
              </span>
            }
          >
            {entries.length === 0 ? (
              <Empty title={isAny ? "No change is like that." : "Nothing was changed yet."}>
                {isAny && <Button onClick={() => setFilter(EVERYTHING)}>Show all changes</Button>}
              </Empty>
            ) : (
              <AuditTable
                caption="Changes, the newest first"
                entries={entries}
                operations={[...operations.values()]}
                isBusy={pages.isOld}
              />
            )}
            {pages.hasMore && (
              <p class="more">
                <Button busy={pages.isLoadingMore} onClick={() => void pages.loadMore()}>
                  Load older
                </Button>
              </p>
            )}
          </Panel>
        )}
      </div>
    </Page>
  );
}

/** What stays beside the address: who is looked for may be somebody's e-mail address. */
interface Kept {
  readonly actor?: string;
  /** Tells what was written last. */
  readonly turn?: number;
}

function filterOf(query: URLSearchParams): AuditFilter {
  const kept = keptState() as Kept | null;
  return {
    action: query.get("action") ?? "",
    actor: typeof kept?.actor === "string" ? kept.actor : "",
    outcome: query.get("outcome") ?? "",
    tenant: query.get("tenant") ?? "",
  };
}

function keepInAddress({ action, actor, outcome, tenant }: AuditFilter, turn: number): void {
  const to = withQuery("/audit", { action, outcome, tenant });
  navigate(to, { replace: true, state: { actor, turn } satisfies Kept });
}
