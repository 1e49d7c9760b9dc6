import type { ComponentChildren } from "preact";
import { useId, useRef } from "preact/hooks";
import { Button } from "../components/button.tsx";
import { Icon } from "../components/icon.tsx";

/** Any number of domains, the primary one first. */
export function DomainFields(props: {
  readonly domains: readonly string[];
  /** By the index of the line. */
  readonly errors: Readonly<Record<number, string>>;
  readonly onDomains: (domains: readonly string[]) => void;
}): ComponentChildren {
  const { domains, errors, onDomains } = props;
  const id = useId();
  const box = useRef<HTMLFieldSetElement>(null);
  const focusLine = (index: number): void => {
    requestAnimationFrame(() => box.current?.querySelectorAll("input")[index]?.focus());
  };
  return (
    <fieldset ref={box} class="field" aria-describedby={`${id}-hint`}>
      <legend>
        Domains of its own<span class="optional"> optional</span>
      </legend>
      <p class="hint" id={`${id}-hint`}>
        Served at once, without a look at their DNS records. The first is the primary one.
      </p>
      {domains.map((domain, index) => (
        // Lines have no name but their place.
        <div key={index} class="line">
          <input
            id={`${id}-${index}`}
            aria-label={`Domain ${index + 1}`}
            aria-invalid={errors[index] === undefined ? undefined : true}
            aria-describedby={errors[index] === undefined ? undefined : `${id}-${index}-error`}
            autocomplete="off"
            autocapitalize="none"
            spellcheck={false}
            inputMode="url"
            placeholder={index === 0 ? "shop.example.com" : ""}
            value={domain}
            onInput={(event) => onDomains(domains.with(index, event.currentTarget.value))}
          />
          {domains.length > 1 && (
            <Button
              kind="ghost"
              icon="close"
              aria-label={`Remove domain ${index + 1}`}
              onClick={() => {
                onDomains(domains.toSpliced(index, 1));
                focusLine(Math.max(0, index - 1));
              }}
            />
          )}
          {errors[index] !== undefined && (
            <p class="field-error" id={`${id}-${index}-error`} role="alert">
              <Icon name="alert" />
              {errors[index]}
            </p>
          )}
        </div>
      ))}
      <div>
        <Button
          small
          icon="plus"
          disabled={domains.at(-1)?.trim() === ""}
          onClick={() => {
            onDomains([...domains, ""]);
            focusLine(domains.length);
          }}
        >
          Another domain
        </Button>
      </div>
    </fieldset>
  );
}
