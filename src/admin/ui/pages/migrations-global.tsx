import type { ComponentChildren } from "preact";
import { useRef, useState } from "preact/hooks";
import type { MigrationsOverview, Operation } from "../../contract.ts";
import { type ApiError, request } from "../api.ts";
import { Button } from "../components/button.tsx";
import { toApiError } from "../components/confirm.tsx";
import { Panel } from "../components/page.tsx";
import { ErrorBox } from "../components/states.tsx";
import { useOperation } from "../operations.ts";
import { useMay } from "../session.ts";
import { MigrationTable } from "./tenant-migrations.tsx";

/** The migrations of what all tenants share, and what applies them. */
export function GlobalMigrations(props: {
  readonly migrations: MigrationsOverview["global"];
  readonly onChanged: () => void;
}): ComponentChildren {
  const [begun, setBegun] = useState<Operation | null>(null);
  const [refused, setRefused] = useState<ApiError | null>(null);
  const isAsking = useRef(false);
  const operation = useOperation(begun);
  const mayOperate = useMay("operate");
  const pending = props.migrations.filter(({ state }) => state !== "applied").length;
  const isRunning = operation?.state === "running";
  const apply = async (): Promise<void> => {
    if (isAsking.current) return;
    isAsking.current = true;
    setRefused(null);
    try {
      setBegun(await request<Operation>("POST", "migrations/global", { body: {} }));
    } catch (thrown) {
      setRefused(toApiError(thrown));
    } finally {
      isAsking.current = false;
      props.onChanged();
    }
  };
  const error = refused ?? operation?.error ?? null;
  return (
    <Panel
      title="Global migrations"
      class="panel-flush"
      aside={
        mayOperate && pending > 0 ? (
          <Button small busy={isRunning} onClick={() => void apply()}>
            Apply what is pending
          </Button>
        ) : (
          "of the tables that all tenants share"
        )
      }
    >
      {error && <ErrorBox title="The global schema was not migrated" error={error} />}
      <p role="status" class="hint flush-text">
        {operation?.state === "done" && operation.summary}
      </p>
      <MigrationTable caption="Global migrations, the newest first" migrations={props.migrations} />
    </Panel>
  );
}
