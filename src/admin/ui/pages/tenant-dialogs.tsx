import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import type { MigrationView, TableList, TenantAction, TenantDetails } from "../../contract.ts";
import { ConfirmDialog } from "../components/confirm.tsx";
import { Field } from "../components/field.tsx";
import { formatBytes, formatCount } from "../format.ts";
import type { TenantWork } from "./tenant-operation.ts";
import { TenantRename } from "./tenant-rename.tsx";
import { totalsOf } from "./tenant-sizes.ts";

/** What the dialogs of a tenant's actions have to know. */
export interface DialogProps {
  readonly tenant: TenantDetails;
  readonly work: TenantWork;
  /** `null` while they are not known. */
  readonly migrations: readonly MigrationView[] | null;
  /** `null` while they are not known. */
  readonly tables: TableList["tables"] | null;
  readonly onClose: () => void;
}

/** Actions that are begun at once, without a question: they take nothing away. */
export const UNASKED: ReadonlySet<TenantAction> = new Set(["migrate", "resume"]);

/** Asks what has to be asked before an action. */
export function TenantDialog(
  props: DialogProps & { readonly action: TenantAction },
): ComponentChildren {
  const { action, onClose, tenant, work } = props;
  const { slug } = tenant;
  switch (action) {
    case "rename":
      return <TenantRename {...props} />;
    case "rollback":
      return <RollBack {...props} />;
    case "drop":
      return <Drop {...props} />;
    case "suspend":
      return (
        <ConfirmDialog
          title={`Suspend ${slug}?`}
          action="Suspend"
          onClose={onClose}
          onConfirm={() => work.begin("suspend")}
        >
          <p>Its requests are answered with 403 until it is resumed. Its data stay.</p>
        </ConfirmDialog>
      );
    case "maintenance":
      return (
        <ConfirmDialog
          title={`Start maintenance of ${slug}?`}
          action="Start maintenance"
          onClose={onClose}
          onConfirm={() => work.begin("maintenance")}
        >
          <p>Its requests are answered with 503, try again later, until it is resumed.</p>
        </ConfirmDialog>
      );
    case "seed":
      return (
        <ConfirmDialog
          title={`Seed ${slug}?`}
          action="Seed"
          onClose={onClose}
          onConfirm={() => work.begin("seed")}
        >
          <p>
            Runs the configured seed in <code>{tenant.schemaName}</code>, in one transaction.
            Whether it has run before is not recorded: it must bear to run again.
          </p>
        </ConfirmDialog>
      );
    case "migrate":
    case "resume":
      return null;
  }
}

function RollBack(props: DialogProps): ComponentChildren {
  const { migrations, tenant, work } = props;
  const [typed, setTyped] = useState("1");
  const steps = Number(typed);
  const applied = (migrations ?? [])
    .filter(({ state }) => state !== "pending")
    .toSorted((a, b) => b.version.localeCompare(a.version, "en", { numeric: true }));
  const isRight = Number.isSafeInteger(steps) && steps >= 1 && steps <= 1_000;
  const undone = isRight ? applied.slice(0, steps) : [];
  return (
    <ConfirmDialog
      title={`Roll back ${tenant.slug}?`}
      action="Roll back"
      isDangerous
      word={tenant.slug}
      onClose={props.onClose}
      onConfirm={async (confirm) => {
        if (!isRight) throw new Error("Say how many migrations: a whole number from 1.");
        await work.begin("rollback", { confirm, steps });
      }}
    >
      <p>What the undone migrations have added is lost, with all that was written into it.</p>
      <Field
        label="How many migrations, from the newest"
        error={isRight ? undefined : "A whole number from 1."}
      >
        {(control) => (
          <input
            {...control}
            type="number"
            min={1}
            max={Math.max(1, applied.length)}
            value={typed}
            onInput={(event) => setTyped(event.currentTarget.value)}
          />
        )}
      </Field>
      {undone.length > 0 && (
        <ul class="lost" aria-label="To be undone">
          {undone.map(({ name, version }) => (
            <li key={version}>
              <code>{version}</code> {name}
            </li>
          ))}
        </ul>
      )}
    </ConfirmDialog>
  );
}

function Drop(props: DialogProps): ComponentChildren {
  const { tables, tenant, work } = props;
  return (
    <ConfirmDialog
      title={`Drop ${tenant.slug}?`}
      action="Drop it for good"
      isDangerous
      word={tenant.slug}
      onClose={props.onClose}
      onConfirm={(confirm) => work.begin("drop", { confirm })}
    >
      <p>This cannot be undone. Lost are:</p>
      <ul class="lost" aria-label="What is lost">
        <li>{lostData(tenant, tables)}</li>
        {tenant.domainList.length > 0 && (
          <li>
            {formatCount(tenant.domainList.length, "domain")}:{" "}
            {tenant.domainList.map(({ domain }) => domain).join(", ")}
          </li>
        )}
        <li>the tenant itself; its entries in the audit log stay</li>
      </ul>
    </ConfirmDialog>
  );
}

function lostData(tenant: TenantDetails, tables: DialogProps["tables"]): ComponentChildren {
  if (tables === null) {
    return tenant.health?.schemaExists === false ? (
      <>
        no data: there is no schema <code>{tenant.schemaName}</code>
      </>
    ) : (
      <>
        the schema <code>{tenant.schemaName}</code>, with all that is in it
      </>
    );
  }
  const { bytes, rows } = totalsOf(tables);
  return (
    <>
      the schema <code>{tenant.schemaName}</code>: {formatCount(tables.length, "table")},{" "}
      {formatBytes(bytes)}
      {rows !== null && `, about ${formatCount(rows, "row")}`}
    </>
  );
}
