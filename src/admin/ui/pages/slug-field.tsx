import type { ComponentChildren } from "preact";
import type { SlugCheck } from "../../contract.ts";
import { Mark } from "../components/badge.tsx";
import { Field } from "../components/field.tsx";
import type { Resource } from "../resource.ts";
import { useSession } from "../session.ts";

/** The slug, with what becomes of it. */
export function SlugField(props: {
  readonly slug: string;
  readonly check: Resource<SlugCheck>;
  /** From the server, after the form was sent. */
  readonly error: string | undefined;
  readonly onSlug: (slug: string) => void;
}): ComponentChildren {
  const { check, slug } = props;
  // An answer about what stood there before says nothing about what stands there now.
  const known = check.data?.slug === slug.trim() ? check.data : undefined;
  const refusal = known?.ok === false ? (known.reason ?? "This slug cannot be had.") : undefined;
  return (
    <Field
      label="Slug"
      hint="Names the tenant everywhere: lower-case letters, digits, hyphens and underscores."
      error={props.error ?? refusal}
      note={noteOf(slug, known, check)}
    >
      {(control) => (
        <input
          {...control}
          class="mono"
          autocomplete="off"
          autocapitalize="none"
          spellcheck={false}
          required
          value={slug}
          onInput={(event) => props.onSlug(event.currentTarget.value)}
        />
      )}
    </Field>
  );
}

function noteOf(
  slug: string,
  known: SlugCheck | undefined,
  check: Resource<SlugCheck>,
): ComponentChildren {
  if (slug.trim() === "") return null;
  if (known !== undefined) return <Becomes check={known} />;
  // Without an answer the form can still be sent: the server checks again.
  return check.error === undefined ? "Looking…" : "It could not be checked now.";
}

function Becomes(props: { readonly check: SlugCheck }): ComponentChildren {
  const { engine } = useSession();
  const { host, schemaName } = props.check;
  return (
    <dl class="becomes">
      <div>
        <Mark tone="good" />
        <dt>{engine === "postgres" ? "Schema" : "Database"}</dt>
        <dd>
          <code>{schemaName}</code>
        </dd>
      </div>
      {host !== null && (
        <div>
          <Mark tone="good" />
          <dt>Host</dt>
          <dd>
            <code>{host}</code>
          </dd>
        </div>
      )}
    </dl>
  );
}
