import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";
import { Icon } from "./icon.tsx";

/** What ties a control to its label, hint and error: spread it over the control. */
export interface ControlProps {
  readonly id: string;
  readonly "aria-describedby": string | undefined;
  readonly "aria-invalid": true | undefined;
}

/** A label, a control, and what there is to say about it. */
export function Field(props: {
  readonly label: ComponentChildren;
  readonly hint?: ComponentChildren;
  /** Why what was typed cannot be; said at once. */
  readonly error?: string | undefined;
  /** Something good about what was typed; said when there is a moment. */
  readonly note?: ComponentChildren;
  readonly isOptional?: boolean;
  readonly children: (control: ControlProps) => ComponentChildren;
}): ComponentChildren {
  const id = useId();
  const described = [props.hint && `${id}-hint`, `${id}-said`].filter(Boolean).join(" ");
  return (
    <div class="field">
      <label for={id}>
        {props.label}
        {props.isOptional && <span class="optional"> optional</span>}
      </label>
      {props.hint && (
        <p class="hint" id={`${id}-hint`}>
          {props.hint}
        </p>
      )}
      {props.children({
        id,
        "aria-describedby": described,
        "aria-invalid": props.error ? true : undefined,
      })}
      {/* Always there: a live region that comes together with its text is often not read. */}
      <div class="field-said" id={`${id}-said`} aria-live="polite">
        {props.error ? (
          <p class="field-error">
            <Icon name="alert" />
            {props.error}
          </p>
        ) : (
          props.note && <div class="field-note">{props.note}</div>
        )}
      </div>
    </div>
  );
}

/** A check box with its label, and a hint below. */
export function CheckBox(props: {
  readonly label: ComponentChildren;
  readonly hint?: ComponentChildren;
  readonly checked: boolean;
  readonly onChange: (checked: boolean) => void;
}): ComponentChildren {
  const id = useId();
  return (
    <div class="check">
      <input
        id={id}
        type="checkbox"
        checked={props.checked}
        aria-describedby={props.hint ? `${id}-hint` : undefined}
        onChange={(event) => props.onChange(event.currentTarget.checked)}
      />
      <label for={id}>{props.label}</label>
      {props.hint && (
        <p class="hint" id={`${id}-hint`}>
          {props.hint}
        </p>
      )}
    </div>
  );
}
