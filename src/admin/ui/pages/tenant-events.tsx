import type { ComponentChildren } from "preact";
import type { AuditList } from "../../contract.ts";
import { Panel } from "../components/page.tsx";
import { Empty, ErrorBox, Skeleton } from "../components/states.tsx";
import type { Resource } from "../resource.ts";
import { hrefOf } from "../router.ts";
import { AuditTable } from "./audit-table.tsx";

/** What was done with a tenant lately. */
export function TenantEvents(props: {
  readonly slug: string;
  readonly list: Resource<AuditList>;
}): ComponentChildren {
  const { data, error, reload } = props.list;
  return (
    <Panel
      title="Recent events"
      class="panel-flush"
      aside={<a href={hrefOf(`/audit?tenant=${encodeURIComponent(props.slug)}`)}>All of them</a>}
    >
      {error ? (
        <ErrorBox title="The events could not be read" error={error} onRetry={reload} />
      ) : data === undefined ? (
        <Skeleton isTall />
      ) : data.entries.length === 0 ? (
        <Empty title="Nothing has been recorded yet." />
      ) : (
        <AuditTable caption="Recent events" entries={data.entries} isOfOneTenant />
      )}
    </Panel>
  );
}
