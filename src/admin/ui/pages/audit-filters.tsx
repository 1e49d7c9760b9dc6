import type { ComponentChildren } from "preact";
import { Button } from "../components/button.tsx";
import { Field } from "../components/field.tsx";
import { actionWords, AUDITED_ACTIONS } from "./audit-words.ts";

/** Which entries are shown; empty text is no filter. */
export interface AuditFilter {
  readonly actor: string;
  readonly action: string;
  readonly tenant: string;
  readonly outcome: string;
}

/** All entries. */
export const EVERYTHING: AuditFilter = { action: "", actor: "", outcome: "", tenant: "" };

/** Fields that choose entries; each takes effect as it is changed. */
export function AuditFilters(props: {
  readonly filter: AuditFilter;
  readonly onChange: (filter: AuditFilter) => void;
}): ComponentChildren {
  const { filter, onChange } = props;
  const isAny = Object.values(filter).some((value) => value !== "");
  const text = (
    field: "actor" | "tenant",
    label: string,
    placeholder: string,
  ): ComponentChildren => (
    <Field label={label}>
      {(control) => (
        <input
          {...control}
          type="search"
          autocomplete="off"
          autocapitalize="none"
          spellcheck={false}
          placeholder={placeholder}
          value={filter[field]}
          onInput={(event) => onChange({ ...filter, [field]: event.currentTarget.value.trim() })}
        />
      )}
    </Field>
  );
  return (
    <form class="audit-filters" role="search" onSubmit={(event) => event.preventDefault()}>
      {text("actor", "Person", "anybody")}
      {text("tenant", "Tenant", "any slug")}
      <Field label="What">
        {(control) => (
          <select
            {...control}
            value={filter.action}
            onChange={(event) => onChange({ ...filter, action: event.currentTarget.value })}
          >
            <option value="">anything</option>
            {AUDITED_ACTIONS.map((action) => (
              <option key={action} value={action}>
                {actionWords(action)} ({action})
              </option>
            ))}
          </select>
        )}
      </Field>
      <Field label="Outcome">
        {(control) => (
          <select
            {...control}
            value={filter.outcome}
            onChange={(event) => onChange({ ...filter, outcome: event.currentTarget.value })}
          >
            <option value="">any</option>
            <option value="done">done</option>
            <option value="failed">failed</option>
            <option value="begun">not ended</option>
          </select>
        )}
      </Field>
      <Button disabled={!isAny} onClick={() => onChange(EVERYTHING)}>
        Clear
      </Button>
    </form>
  );
}
