import type { ComponentChildren } from "preact";
import type { Operation } from "../../contract.ts";
import { Badge, Mark } from "../components/badge.tsx";
import { Button } from "../components/button.tsx";
import { ErrorBox } from "../components/states.tsx";
import { Time } from "../components/values.tsx";
import type { TenantWork } from "./tenant-operation.ts";

const DOING: Readonly<Record<string, string>> = {
  "tenant.create": "Creating it",
  "tenant.drop": "Dropping it",
  "tenant.maintenance": "Starting maintenance",
  "tenant.migrate": "Migrating it",
  "tenant.rename": "Renaming it",
  "tenant.resume": "Resuming it",
  "tenant.rollback": "Rolling it back",
  "tenant.seed": "Seeding it",
  "tenant.suspend": "Suspending it",
};

const STEPS: Readonly<Record<string, string>> = {
  done: "Done",
  hooks: "Hooks",
  lock: "Wait for its turn",
  migrations: "Migrations",
  row: "Entry in the registry",
  schema: "Schema",
  seed: "Seed",
};

/** What is being done with the tenant, as it happens, and what came of it. */
export function TenantProgress(props: { readonly work: TenantWork }): ComponentChildren {
  const { operation, refused, dismiss } = props.work;
  if (refused !== null) {
    return (
      <Closable onClose={dismiss}>
        <ErrorBox title="That was refused" error={refused} />
      </Closable>
    );
  }
  if (operation === null) return null;
  const doing = DOING[operation.action] ?? operation.action;
  if (operation.error !== null) {
    return (
      <Closable onClose={dismiss}>
        <ErrorBox title={`${doing} has failed`} error={operation.error} />
      </Closable>
    );
  }
  if (operation.state === "done") return <Done summary={operation.summary} onClose={dismiss} />;
  return (
    <section class="work" aria-label={doing}>
      <p class="work-title" role="status">
        <Badge state="running">{doing}</Badge>
        <span class="dim">
          since <Time at={operation.startedAt} />, by {operation.person}
        </span>
      </p>
      <progress class="work-bar" aria-label={doing} />
      <Steps steps={operation.steps} />
    </section>
  );
}

function Done(props: {
  readonly summary: string | null;
  readonly onClose: () => void;
}): ComponentChildren {
  return (
    <Closable onClose={props.onClose}>
      <p class="work work-done" role="status">
        <Mark tone="good" />
        {props.summary ?? "Done."}
      </p>
    </Closable>
  );
}

function Closable(props: {
  readonly onClose: () => void;
  readonly children: ComponentChildren;
}): ComponentChildren {
  return (
    <div class="closable">
      {props.children}
      <Button small kind="ghost" icon="close" aria-label="Hide" onClick={props.onClose} />
    </div>
  );
}

/** Steps that have begun; the last of them is at work. */
function Steps(props: { readonly steps: Operation["steps"] }): ComponentChildren {
  if (props.steps.length === 0) return null;
  return (
    <ol class="steps">
      {props.steps.map(({ step }, index) => (
        <li key={step}>
          <Mark tone={index === props.steps.length - 1 ? "busy" : "good"} />
          {STEPS[step] ?? step}
        </li>
      ))}
    </ol>
  );
}
