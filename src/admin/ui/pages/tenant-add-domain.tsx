import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import type { DomainRequest } from "../../contract.ts";
import { path, request } from "../api.ts";
import { ConfirmDialog } from "../components/confirm.tsx";
import { CheckBox, Field } from "../components/field.tsx";
import { showToast } from "../components/toast.tsx";

/** Asks for a domain, and whether it has to be verified before it is served. */
export function TenantAddDomain(props: {
  readonly slug: string;
  readonly onChanged: () => void;
  readonly onClose: () => void;
}): ComponentChildren {
  const [typed, setTyped] = useState("");
  const [isTrusted, setTrusted] = useState(false);
  const [isPrimary, setPrimary] = useState(false);
  const domain = typed.trim();
  const add = async (): Promise<void> => {
    if (domain === "") throw new Error("Type the domain, such as shop.example.com.");
    const body: DomainRequest = isTrusted
      ? { domain, primary: isPrimary, trusted: true }
      : { domain };
    await request("POST", path`tenants/${props.slug}/domains`, { body });
    showToast(isTrusted ? `${domain} is served.` : `${domain} is claimed: now its owner's turn.`);
    props.onChanged();
  };
  return (
    <ConfirmDialog
      title="Add a domain"
      action={isTrusted ? "Add" : "Claim"}
      onClose={props.onClose}
      onConfirm={add}
    >
      <Field label="Domain">
        {(control) => (
          <input
            {...control}
            autofocus
            class="mono"
            inputMode="url"
            autocomplete="off"
            autocapitalize="none"
            spellcheck={false}
            placeholder="shop.example.com"
            value={typed}
            onInput={(event) => setTyped(event.currentTarget.value)}
          />
        )}
      </Field>
      <fieldset class="choices">
        <legend>When is it served?</legend>
        <Choice
          label="Once it is verified"
          hint="Its owner publishes a record or a file, which you will see after this."
          isChosen={!isTrusted}
          onChoose={() => setTrusted(false)}
        />
        <Choice
          label="At once"
          hint="For a domain that is yours, or of which you know whose it is."
          isChosen={isTrusted}
          onChoose={() => setTrusted(true)}
        />
      </fieldset>
      {isTrusted && (
        <CheckBox
          label="Make it the primary one"
          hint="The first of its addresses."
          checked={isPrimary}
          onChange={setPrimary}
        />
      )}
    </ConfirmDialog>
  );
}

/** One of several that exclude each other. */
export function Choice(props: {
  readonly label: string;
  readonly hint: string;
  readonly isChosen: boolean;
  readonly onChoose: () => void;
}): ComponentChildren {
  return (
    <label class="choice">
      <input type="radio" checked={props.isChosen} onChange={props.onChoose} />
      <span>
        <span class="choice-label">{props.label}</span>
        <span class="hint">{props.hint}</span>
      </span>
    </label>
  );
}
