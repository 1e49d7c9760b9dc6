import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { Dialog } from "./components/dialog.tsx";
import { navigate } from "./router.ts";
import { useMay } from "./session.ts";

const PAGES: Readonly<Record<string, string>> = {
  a: "/audit",
  m: "/migrations",
  o: "/",
  t: "/tenants",
};

const SEQUENCE_MS = 1200;

/** An input with this attribute is what `/` goes to. */
export const SEARCH_ATTRIBUTE = "data-search";

/** Listens to the pages' keys. They are off while somebody types, and while a dialog is open. */
export function useShortcuts(onHelp: () => void): void {
  const mayOperate = useMay("operate");
  const goneAt = useRef(0);
  // Before anything is drawn: a key that is pressed at once is heard.
  useLayoutEffect(() => {
    const press = (event: KeyboardEvent): void => {
      if (event.defaultPrevented || isTyping(event)) return;
      if (event.metaKey || event.ctrlKey || event.altKey) return;
      const isSecond = event.timeStamp - goneAt.current < SEQUENCE_MS;
      goneAt.current = event.key === "g" ? event.timeStamp : 0;
      const act = isSecond
        ? goTo(PAGES[event.key])
        : actionOf(event.key, { help: onHelp, mayOperate });
      if (act === undefined) return;
      event.preventDefault();
      act();
    };
    // Before anything happened, no key was pressed either.
    goneAt.current = -SEQUENCE_MS;
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, [mayOperate, onHelp]);
}

function goTo(page: string | undefined): (() => void) | undefined {
  return page === undefined ? undefined : () => navigate(page);
}

function actionOf(
  key: string,
  options: { readonly help: () => void; readonly mayOperate: boolean },
): (() => void) | undefined {
  if (key === "?") return options.help;
  if (key === "n" && options.mayOperate) return goTo("/new");
  return key === "/" ? search : undefined;
}

/** Goes to the page's search; to that of the tenants from a page that has none. */
function search(): void {
  const find = (): HTMLElement | null => document.querySelector(`[${SEARCH_ATTRIBUTE}]`);
  const found = find();
  if (found !== null) return found.focus();
  navigate("/tenants");
  // The page is there after the next rendering, which comes before the second frame.
  requestAnimationFrame(() => requestAnimationFrame(() => find()?.focus()));
}

function isTyping(event: KeyboardEvent): boolean {
  const { target } = event;
  if (document.querySelector("dialog[open]") !== null) return true;
  if (!(target instanceof HTMLElement)) return false;
  if (target instanceof HTMLInputElement) return !["checkbox", "radio"].includes(target.type);
  return target.isContentEditable || ["SELECT", "TEXTAREA"].includes(target.tagName);
}

const HELP: readonly { readonly keys: readonly string[]; readonly does: string }[] = [
  { keys: ["/"], does: "Search tenants" },
  { keys: ["n"], does: "New tenant" },
  { keys: ["g", "o"], does: "Go to the overview" },
  { keys: ["g", "t"], does: "Go to the tenants" },
  { keys: ["g", "m"], does: "Go to the migrations" },
  { keys: ["g", "a"], does: "Go to the audit log" },
  { keys: ["↑", "↓"], does: "From row to row" },
  { keys: ["Enter"], does: "Open the row" },
  { keys: ["Esc"], does: "Close what is open" },
  { keys: ["?"], does: "Show this" },
];

/** The keys, for people. */
export function ShortcutsDialog(props: { readonly onClose: () => void }): ComponentChildren {
  return (
    <Dialog title="Keyboard shortcuts" onClose={props.onClose}>
      <dl class="keys dialog-body">
        {HELP.map(({ keys, does }) => (
          <div key={does}>
            <dt>
              {keys.map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
