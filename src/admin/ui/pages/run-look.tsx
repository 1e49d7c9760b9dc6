import type { ComponentChildren } from "preact";
import type { MigrationsOverview, Operation } from "../../contract.ts";
import { Field } from "../components/field.tsx";
import { ErrorBox } from "../components/states.tsx";
import { Progress } from "../components/values.tsx";
import { formatCount, formatNumber } from "../format.ts";
import { readSlugs, type RunForm } from "./run-form.ts";
import { RunFailureGroups } from "./run-failure-groups.tsx";

const SHOWN = 10;

/** What a run would do, as a dry run found it; what is to be typed before a rollback. */
export function RunLook(props: {
  readonly form: RunForm;
  readonly operation: Operation | null;
  readonly overview: MigrationsOverview | undefined;
  readonly error: string | undefined;
  readonly onConfirm: (typed: string) => void;
}): ComponentChildren {
  const { form, operation } = props;
  if (operation === null) return null;
  if (operation.error !== null) {
    return <ErrorBox title="The look has failed" error={operation.error} />;
  }
  if (operation.state === "running") {
    const { progress } = operation;
    return (
      <div role="status">
        <p>Looking at what would be done…</p>
        {progress && <Progress label="Tenants looked at" {...progress} />}
      </div>
    );
  }
  return (
    <>
      <p role="status" class="look-summary">
        {operation.summary}
      </p>
      {form.verb === "migrate" ? (
        <ToApply overview={props.overview} />
      ) : (
        <Undo {...props} changed={operation.counts?.changed ?? 0} />
      )}
      <How form={form} />
      <RunFailureGroups title="Could not be looked at" failures={operation.failures} />
    </>
  );
}

function ToApply(props: { readonly overview: MigrationsOverview | undefined }): ComponentChildren {
  const pending = props.overview?.pending ?? [];
  if (pending.length === 0) return null;
  return (
    <ul class="lost" aria-label="To be applied, where they are not yet">
      {pending.slice(0, SHOWN).map(({ name, version }) => (
        <li key={version}>
          <code>{version}</code> {name}
        </li>
      ))}
      {pending.length > SHOWN && <li>and {formatNumber(pending.length - SHOWN)} more</li>}
    </ul>
  );
}

function Undo(props: {
  readonly changed: number;
  readonly form: RunForm;
  readonly error: string | undefined;
  readonly onConfirm: (typed: string) => void;
}): ComponentChildren {
  const steps = Number(props.form.steps || "1");
  return (
    <>
      <p>
        Of each of {formatCount(props.changed, "tenant")}, the newest{" "}
        {steps === 1 ? "migration is" : `${steps} migrations are`} undone. What they have added is
        lost, with all that was written into it.
      </p>
      <Field
        label={
          <>
            Type <code>rollback</code> to confirm
          </>
        }
        error={props.error}
      >
        {(control) => (
          <input
            {...control}
            class="mono"
            autocomplete="off"
            autocapitalize="none"
            spellcheck={false}
            value={props.form.confirm}
            onInput={(event) => props.onConfirm(event.currentTarget.value)}
          />
        )}
      </Field>
    </>
  );
}

/** How the run will go about it, in a sentence. */
function How(props: { readonly form: RunForm }): ComponentChildren {
  const { canary, concurrency, maxFailures, perSecond } = props.form;
  const canaries = readSlugs(canary);
  const parts = [
    ...(canaries.length > 0
      ? [`first ${canaries.join(", ")}: if one of them fails, the others are left alone`]
      : []),
    maxFailures.trim() === ""
      ? "it goes on when tenants fail, and tells which"
      : `it ends when more than ${maxFailures.trim()} have failed`,
    `${concurrency.trim() === "" ? "4" : concurrency.trim()} at a time`,
    ...(perSecond.trim() === "" ? [] : [`at most ${perSecond.trim()} per second`]),
  ];
  const text = parts.join("; ");
  return <p class="hint">{`${text.charAt(0).toUpperCase()}${text.slice(1)}.`}</p>;
}
