import type { ComponentChildren } from "preact";
import { useId, useLayoutEffect, useRef } from "preact/hooks";
import { Button } from "./button.tsx";

/**
 * A native modal dialog: Escape and a click beside it close it, and the focus goes back to where it was.
 * Render it while it is open.
 */
export function Dialog(props: {
  readonly title: string;
  readonly onClose: () => void;
  readonly children: ComponentChildren;
  /** Wider than a question. */
  readonly isWide?: boolean;
}): ComponentChildren {
  const dialog = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  // Before anything is drawn: a key that is pressed at once is the dialog's already.
  useLayoutEffect(() => {
    const before = document.activeElement;
    const shown = dialog.current;
    shown?.showModal();
    return () => {
      shown?.close();
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  return (
    <dialog
      ref={dialog}
      class={props.isWide ? "dialog dialog-wide" : "dialog"}
      aria-labelledby={titleId}
      onCancel={(event) => {
        event.preventDefault();
        props.onClose();
      }}
      onPointerDown={(event) => {
        // The dialog itself is hit only beside its content, which fills it.
        if (event.target === dialog.current) props.onClose();
      }}
    >
      <div class="dialog-box">
        <header class="dialog-head">
          <h2 id={titleId}>{props.title}</h2>
          <Button kind="ghost" small icon="close" aria-label="Close" onClick={props.onClose} />
        </header>
        {props.children}
      </div>
    </dialog>
  );
}
