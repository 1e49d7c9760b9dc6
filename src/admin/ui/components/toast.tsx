import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { Mark } from "./badge.tsx";
import { Button } from "./button.tsx";

interface Toast {
  readonly id: number;
  readonly text: string;
  readonly tone: "bad" | "good" | "info";
}

const SHOWN_MS = 7000;

let toasts: readonly Toast[] = [];
let lastId = 0;
let notify: (() => void) | null = null;

/** Says something in the corner for a few seconds. Errors stay until they are closed. */
export function showToast(text: string, tone: Toast["tone"] = "good"): void {
  lastId += 1;
  const id = lastId;
  change([...toasts.slice(-3), { id, text, tone }]);
  if (tone !== "bad") setTimeout(() => close(id), SHOWN_MS);
}

function close(id: number): void {
  change(toasts.filter((toast) => toast.id !== id));
}

function change(next: readonly Toast[]): void {
  toasts = next;
  notify?.();
}

/** Where toasts appear; once, in the shell. */
export function ToastRegion(): ComponentChildren {
  const [, render] = useState(0);
  useEffect(() => {
    notify = () => render((turn) => turn + 1);
    return () => {
      notify = null;
    };
  }, []);
  return (
    <div class="toasts" role="status" aria-live="polite">
      {toasts.map((toast) => (
        <div key={toast.id} class="toast">
          <Mark tone={toast.tone} />
          <p>{toast.text}</p>
          <Button
            kind="ghost"
            small
            icon="close"
            aria-label="Dismiss"
            onClick={() => close(toast.id)}
          />
        </div>
      ))}
    </div>
  );
}
