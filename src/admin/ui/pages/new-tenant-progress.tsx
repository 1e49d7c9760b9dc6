import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { Operation, TenantDetails } from "../../contract.ts";
import { path } from "../api.ts";
import { Badge } from "../components/badge.tsx";
import { Button } from "../components/button.tsx";
import { ErrorBox } from "../components/states.tsx";
import { type KnownStep, StepList } from "../components/steps.tsx";
import { useOperation } from "../operations.ts";
import { useResource } from "../resource.ts";
import { useSession } from "../session.ts";
import { tenantHref } from "./tenant-list-query.ts";
import { type DraftErrors, placeError, type TenantDraft } from "./tenant-draft.ts";

interface ProgressProps {
  /** What the server answered when it began. */
  readonly begun: Operation;
  readonly draft: TenantDraft;
  /** Back to the form, with what was typed and what of it was refused. */
  readonly onAgain: (errors: DraftErrors) => void;
  /** Back to an empty form. */
  readonly onAnother: () => void;
}

/** The steps of a creation as they happen, and what came of it. */
export function NewTenantProgress(props: ProgressProps): ComponentChildren {
  const operation = useOperation(props.begun) ?? props.begun;
  const slug = operation.tenant ?? props.draft.slug.trim();
  const known = useKnownSteps(props.draft);
  const end = useRef<HTMLDivElement>(null);
  const isOver = operation.state !== "running";
  const { draft, onAgain } = props;
  useEffect(() => {
    const refused = operation.error === null ? {} : placeError(operation.error, draft);
    // What belongs to a field is put there; nothing has been made of it.
    if (refused.slug !== undefined || refused.domains !== undefined) return onAgain(refused);
    if (isOver) end.current?.querySelector<HTMLElement>("a, button")?.focus();
  }, [isOver]);
  return (
    <section class="panel form new-tenant" aria-labelledby="progress-title">
      <h2 id="progress-title" class="progress-head">
        <code>{slug}</code>
        <Badge state={operation.state} />
      </h2>
      <StepList operation={operation} known={known} />
      <div ref={end} class="form">
        <p class="unseen" role="status">
          {isOver ? sentenceOf(operation, slug) : ""}
        </p>
        {operation.state === "done" && <Done slug={slug} onAnother={props.onAnother} />}
        {operation.state === "failed" && (
          <Failed operation={operation} slug={slug} onAgain={() => onAgain({})} />
        )}
      </div>
    </section>
  );
}

function sentenceOf(operation: Operation, slug: string): string {
  return operation.state === "done" ? `${slug} is ready.` : `${slug} was not created.`;
}

function useKnownSteps(draft: TenantDraft): readonly KnownStep[] {
  const { engine, hasSeed } = useSession();
  const kept = engine === "postgres" ? "schema" : "database";
  return [
    { step: "lock", words: "See that nobody else is at it" },
    { step: "row", words: "Put it into the registry" },
    { step: "schema", words: `Make its ${kept}` },
    { step: "migrations", words: "Run all migrations" },
    ...(hasSeed && draft.seed ? [{ step: "seed", words: "Run the seed" }] : []),
    { step: "hooks", words: "Run the hooks" },
  ];
}

function Done(props: { readonly slug: string; readonly onAnother: () => void }): ComponentChildren {
  return (
    <>
      <p>
        <code>{props.slug}</code> is ready.
      </p>
      <div class="form-foot">
        <a class="button button-primary" href={tenantHref(props.slug)}>
          Open {props.slug}
        </a>
        <Button onClick={props.onAnother}>Create another</Button>
      </div>
    </>
  );
}

function Failed(props: {
  readonly operation: Operation;
  readonly slug: string;
  readonly onAgain: () => void;
}): ComponentChildren {
  const { operation, slug } = props;
  const left = useResource<TenantDetails>(path`tenants/${slug}`);
  const error = operation.error ?? { code: "INTERNAL", message: operation.summary ?? "" };
  return (
    <>
      <ErrorBox title="The tenant was not created" error={error} />
      {left.error?.status === 404 && (
        <p>All steps were undone: nothing is left of it, and its slug is free.</p>
      )}
      {left.data !== undefined && (
        <p>
          There is a tenant with this slug, which is <Badge state={left.data.state} />{" "}
          {["failed", "provisioning"].includes(left.data.state) &&
            "Creating it again takes up where this ended. "}
          <a href={tenantHref(slug)}>Look at it</a>
        </p>
      )}
      <div class="form-foot">
        <Button kind="primary" onClick={props.onAgain}>
          Back to the form
        </Button>
      </div>
    </>
  );
}
