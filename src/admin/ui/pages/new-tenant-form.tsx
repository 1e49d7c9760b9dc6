import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Operation, SlugCheck } from "../../contract.ts";
import { request, withQuery } from "../api.ts";
import { Button, ButtonLink } from "../components/button.tsx";
import { toApiError } from "../components/confirm.tsx";
import { CheckBox, Field } from "../components/field.tsx";
import { ErrorBox } from "../components/states.tsx";
import { type Resource, useDebounced, useResource } from "../resource.ts";
import { hrefOf } from "../router.ts";
import { useSession } from "../session.ts";
import { DomainFields } from "./domain-fields.tsx";
import { SlugField } from "./slug-field.tsx";
import { type DraftErrors, draftToRequest, placeError, type TenantDraft } from "./tenant-draft.ts";

interface FormProps {
  readonly draft: TenantDraft;
  readonly onDraft: (draft: TenantDraft) => void;
  /** What an earlier try was refused for. */
  readonly refused: DraftErrors;
  readonly onBegun: (operation: Operation) => void;
}

/** What a new tenant is made of. Its slug is checked while it is typed. */
export function NewTenantForm(props: FormProps): ComponentChildren {
  const { draft, onDraft } = props;
  const { hasSeed } = useSession();
  const form = useRef<HTMLFormElement>(null);
  const [errors, setErrors] = useState<DraftErrors>(props.refused);
  const [isBusy, setBusy] = useState(false);
  const check = useSlugCheck(draft.slug);
  const change = (part: Partial<TenantDraft>): void => {
    setErrors({});
    onDraft({ ...draft, ...part });
  };
  useEffect(() => {
    if (Object.keys(errors).length === 0) return;
    form.current?.querySelector<HTMLElement>("[aria-invalid]")?.focus();
  }, [errors]);
  const refuse = (refused: DraftErrors): void => {
    setErrors(refused);
    setBusy(false);
  };
  const submit = async (): Promise<void> => {
    if (isBusy) return;
    if (draft.slug.trim() === "") return refuse({ slug: "A tenant needs a slug." });
    setBusy(true);
    try {
      const body = draftToRequest(draft, hasSeed);
      props.onBegun(await request<Operation>("POST", "tenants", { body }));
    } catch (error) {
      refuse(placeError(toApiError(error), draft));
    }
  };
  return (
    <form
      ref={form}
      class="panel form new-tenant"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
    >
      {errors.form && <ErrorBox title="The tenant was not created" error={errors.form} />}
      <SlugField
        slug={draft.slug}
        check={check}
        error={errors.slug}
        onSlug={(slug) => change({ slug })}
      />
      <Field label="Name" isOptional hint="For people. It can be changed at any time.">
        {(control) => (
          <input
            {...control}
            autocomplete="off"
            maxLength={200}
            value={draft.name}
            onInput={(event) => change({ name: event.currentTarget.value })}
          />
        )}
      </Field>
      <DomainFields
        domains={draft.domains}
        errors={errors.domains ?? {}}
        onDomains={(domains) => change({ domains })}
      />
      {hasSeed && (
        <CheckBox
          label="Run the seed"
          hint="Puts the first rows into the new tenant, as configured."
          checked={draft.seed}
          onChange={(seed) => change({ seed })}
        />
      )}
      <div class="form-foot">
        <Button type="submit" kind="primary" busy={isBusy}>
          Create tenant
        </Button>
        <ButtonLink kind="ghost" href={hrefOf("/tenants")}>
          Cancel
        </ButtonLink>
      </div>
    </form>
  );
}

function useSlugCheck(slug: string): Resource<SlugCheck> {
  const settled = useDebounced(slug.trim(), 250);
  return useResource<SlugCheck>(
    settled === "" ? null : withQuery("slug-check", { slug: settled }),
    { keep: true },
  );
}
