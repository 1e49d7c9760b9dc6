import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import type { SlugCheck } from "../../contract.ts";
import { withQuery } from "../api.ts";
import { ConfirmDialog } from "../components/confirm.tsx";
import { CheckBox, Field } from "../components/field.tsx";
import { useDebounced, useResource } from "../resource.ts";
import type { DialogProps } from "./tenant-dialogs.tsx";

/** Asks for a new slug, and tells while it is typed whether it is free and what it changes. */
export function TenantRename(props: DialogProps): ComponentChildren {
  const { onClose, tenant, work } = props;
  const [typed, setTyped] = useState(tenant.slug);
  const [renameSchema, setRenameSchema] = useState(false);
  const slug = typed.trim();
  const isSame = slug === tenant.slug;
  const asked = useDebounced(slug);
  const check = useResource<SlugCheck>(
    asked === "" || asked === tenant.slug ? null : withQuery("slug-check", { slug: asked }),
  ).data;
  const answer = check?.slug === slug ? check : undefined;
  // What was interrupted halfway is finished by the same name again.
  const isFinishing = tenant.state === "renaming";
  const error = refusal({ answer, isSame: isSame && !isFinishing, slug });
  const schemaName = answer?.schemaName ?? null;
  return (
    <ConfirmDialog
      title={`Rename ${tenant.slug}`}
      action="Rename"
      onClose={onClose}
      onConfirm={async () => {
        if (error !== undefined) throw new Error(error);
        await work.begin("rename", { renameSchema, slug });
      }}
    >
      <Field
        label="New slug"
        hint="Its host changes with it, and links to the old one stop working. Its own domains stay."
        error={slug === "" || isSame ? undefined : error}
        note={answer?.ok && <Becomes answer={answer} />}
      >
        {(control) => (
          <input
            {...control}
            autofocus
            class="mono"
            autocomplete="off"
            autocapitalize="none"
            spellcheck={false}
            maxLength={63}
            value={typed}
            onInput={(event) => setTyped(event.currentTarget.value)}
          />
        )}
      </Field>
      <CheckBox
        label="Rename the schema, too"
        hint={
          schemaName === null || !renameSchema ? (
            <>
              Otherwise its data stay in <code>{tenant.schemaName}</code>.
            </>
          ) : (
            <>
              <code>{tenant.schemaName}</code> becomes <code>{schemaName}</code>.
            </>
          )
        }
        checked={renameSchema}
        onChange={setRenameSchema}
      />
    </ConfirmDialog>
  );
}

function Becomes(props: { readonly answer: SlugCheck }): ComponentChildren {
  const { host } = props.answer;
  return host === null ? (
    <p>It is free.</p>
  ) : (
    <p>
      It is free: the tenant will be at <code>{host}</code>.
    </p>
  );
}

function refusal(typed: {
  readonly answer: SlugCheck | undefined;
  readonly isSame: boolean;
  readonly slug: string;
}): string | undefined {
  if (typed.slug === "") return "Type a new slug.";
  if (typed.isSame) return "That is what it is called now.";
  return typed.answer?.ok === false ? (typed.answer.reason ?? "It cannot be taken.") : undefined;
}
