import type { ComponentChildren, InputHTMLAttributes } from "preact";
import { Field } from "../components/field.tsx";
import { useMay } from "../session.ts";
import type { RunForm, RunFormErrors } from "./run-form.ts";
import { Choice } from "./tenant-add-domain.tsx";

interface OptionsProps {
  readonly form: RunForm;
  readonly errors: RunFormErrors;
  readonly onChange: (form: RunForm) => void;
}

/** What a run over the fleet does, and how carefully. */
export function RunOptions(props: OptionsProps): ComponentChildren {
  const { form, onChange } = props;
  const mayDestroy = useMay("destroy");
  return (
    <>
      <fieldset class="choices">
        <legend>What it does</legend>
        <Choice
          label="Migrate"
          hint="Applies what is pending in each tenant."
          isChosen={form.verb === "migrate"}
          onChoose={() => onChange({ ...form, verb: "migrate" })}
        />
        {mayDestroy && (
          <Choice
            label="Roll back"
            hint="Undoes the newest migrations of each tenant."
            isChosen={form.verb === "rollback"}
            onChoose={() => onChange({ ...form, verb: "rollback" })}
          />
        )}
      </fieldset>
      <div class="form-grid">
        {form.verb === "rollback" && (
          <TextOption
            {...props}
            field="steps"
            label="Steps"
            hint="How many migrations. Left empty: 1."
            input={{ inputMode: "numeric" }}
          />
        )}
        <TextOption
          {...props}
          field="canary"
          label="Canary"
          hint="Slugs of tenants that are done first. If one of them fails, it ends there."
          input={{ class: "mono", placeholder: "acme, globex" }}
        />
        <TextOption
          {...props}
          field="maxFailures"
          label="Failures allowed"
          hint="A number or a share. With it, tenants are done in growing waves."
          input={{ placeholder: "5%" }}
        />
        <TextOption
          {...props}
          field="concurrency"
          label="At a time"
          hint="Tenants in hand at once. Left empty: 4."
          input={{ inputMode: "numeric", placeholder: "4" }}
        />
        <TextOption
          {...props}
          field="perSecond"
          label="Per second"
          hint="Tenants begun in a second, at most. Left empty: no limit."
          input={{ inputMode: "decimal" }}
        />
        <TextOption
          {...props}
          field="only"
          label="Only these"
          hint="Slugs. Left empty: all that are active, suspended or in maintenance."
          input={{ class: "mono" }}
        />
      </div>
    </>
  );
}

function TextOption(
  props: OptionsProps & {
    readonly field: Exclude<keyof RunForm, "verb">;
    readonly label: string;
    readonly hint: string;
    readonly input?: InputHTMLAttributes;
  },
): ComponentChildren {
  const { field, form } = props;
  return (
    <Field label={props.label} hint={props.hint} error={props.errors[field]} isOptional>
      {(control) => (
        <input
          {...control}
          autocomplete="off"
          autocapitalize="none"
          spellcheck={false}
          {...props.input}
          value={form[field]}
          onInput={(event) => props.onChange({ ...form, [field]: event.currentTarget.value })}
        />
      )}
    </Field>
  );
}
