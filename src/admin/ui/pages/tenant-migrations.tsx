import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import type { MigrationList, MigrationView } from "../../contract.ts";
import { Badge } from "../components/badge.tsx";
import { Button } from "../components/button.tsx";
import { Panel } from "../components/page.tsx";
import { Empty, ErrorBox, Skeleton } from "../components/states.tsx";
import { Table } from "../components/table.tsx";
import { Time } from "../components/values.tsx";
import type { Resource } from "../resource.ts";

const SHOWN = 10;

/** A tenant's migrations, applied and pending. */
export function TenantMigrations(props: {
  readonly list: Resource<MigrationList>;
}): ComponentChildren {
  const { data, error, reload } = props.list;
  const pending = data?.migrations.filter(({ state }) => state === "pending").length;
  return (
    <Panel
      title="Migrations"
      class="panel-flush"
      aside={data && `${data.migrations.length - (pending ?? 0)} applied, ${pending ?? 0} pending`}
    >
      {error ? (
        <ErrorBox title="The migrations could not be read" error={error} onRetry={reload} />
      ) : data ? (
        <MigrationTable caption="Migrations, the newest first" migrations={data.migrations} />
      ) : (
        <Skeleton isTall />
      )}
    </Panel>
  );
}

/** Migrations, the newest first; of many, the newest ten until all are asked for. */
export function MigrationTable(props: {
  readonly caption: string;
  readonly migrations: readonly MigrationView[];
}): ComponentChildren {
  const [isWhole, setWhole] = useState(false);
  if (props.migrations.length === 0) return <Empty title="There are no migrations." />;
  const sorted = props.migrations.toSorted((a, b) =>
    b.version.localeCompare(a.version, "en", { numeric: true }),
  );
  // What is not as it should be is never hidden.
  const shown = isWhole
    ? sorted
    : sorted.filter(({ state }, index) => index < SHOWN || state !== "applied");
  return (
    <div class="compact">
      <Table
        caption={props.caption}
        rows={shown}
        keyOf={({ version }) => version}
        columns={[
          {
            cell: ({ name, version }) => (
              <span class="migration">
                <code>{version}</code> <span>{name}</span>
              </span>
            ),
            key: "version",
            title: "Migration",
          },
          { cell: ({ state }) => <Badge state={state} />, key: "state", title: "State" },
          { cell: ({ appliedAt }) => <Time at={appliedAt} />, key: "applied", title: "Applied" },
        ]}
      />
      {shown.length < sorted.length && (
        <p class="more">
          <Button small kind="ghost" onClick={() => setWhole(true)}>
            Show all {sorted.length}
          </Button>
        </p>
      )}
    </div>
  );
}
