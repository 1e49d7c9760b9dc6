import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { ApiError } from "../api.ts";
import { Button } from "./button.tsx";
import { Dialog } from "./dialog.tsx";
import { Field } from "./field.tsx";
import { ErrorBox } from "./states.tsx";

/**
 * Asks before something is done. With `word`, that word has to be typed, as the server wants it too; it is
 * given to `onConfirm`. Stays open, with the error, when that rejects.
 */
export function ConfirmDialog(props: {
  readonly title: string;
  /** What the button says: a verb. */
  readonly action: string;
  readonly isDangerous?: boolean;
  /** What has to be typed: a slug, mostly. */
  readonly word?: string;
  readonly onConfirm: (word: string) => Promise<void>;
  readonly onClose: () => void;
  /** What will happen; may hold fields. */
  readonly children?: ComponentChildren;
}): ComponentChildren {
  const [typed, setTyped] = useState("");
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<ApiError | null>(null);
  const isReady = props.word === undefined || typed === props.word;
  const submit = async (): Promise<void> => {
    if (!isReady || isBusy) return;
    setBusy(true);
    setError(null);
    try {
      await props.onConfirm(typed);
      props.onClose();
    } catch (thrown) {
      setError(toApiError(thrown));
      setBusy(false);
    }
  };
  return (
    <Dialog title={props.title} onClose={props.onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        <div class="dialog-body">
          {props.children}
          {props.word !== undefined && (
            <Field label={<TypeLabel word={props.word} />}>
              {(control) => (
                <input
                  {...control}
                  autofocus
                  class="mono"
                  autocomplete="off"
                  autocapitalize="none"
                  spellcheck={false}
                  value={typed}
                  onInput={(event) => setTyped(event.currentTarget.value)}
                />
              )}
            </Field>
          )}
          {error && <ErrorBox error={error} />}
        </div>
        <footer class="dialog-foot">
          <Button onClick={props.onClose}>Cancel</Button>
          <Button
            type="submit"
            kind={props.isDangerous ? "danger" : "primary"}
            busy={isBusy}
            disabled={!isReady}
          >
            {props.action}
          </Button>
        </footer>
      </form>
    </Dialog>
  );
}

function TypeLabel(props: { readonly word: string }): ComponentChildren {
  return (
    <>
      Type <code>{props.word}</code> to confirm
    </>
  );
}

/** Any error as one that can be shown. */
export function toApiError(thrown: unknown): ApiError {
  if (thrown instanceof ApiError) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new ApiError("INTERNAL", message, 0, { cause: thrown });
}
