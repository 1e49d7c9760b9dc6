import type { ComponentChildren } from "preact";
import { useId, useState } from "preact/hooks";

/** One tab and its content. */
export interface Tab {
  readonly key: string;
  readonly title: string;
  /** A number beside the title. */
  readonly count?: number | undefined;
  readonly render: () => ComponentChildren;
}

/** Tabs: arrow keys, Home and End change them; only the open one's content is there. */
export function Tabs(props: {
  /** What the tabs are of, for screen readers. */
  readonly label: string;
  readonly tabs: readonly Tab[];
}): ComponentChildren {
  const [open, setOpen] = useState(props.tabs[0]?.key ?? "");
  const id = useId();
  const current = props.tabs.find((tab) => tab.key === open) ?? props.tabs[0];
  if (current === undefined) return null;
  const move = (event: KeyboardEvent): void => {
    const at = props.tabs.indexOf(current);
    const last = props.tabs.length - 1;
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: last }[event.key];
    const next = to === undefined ? undefined : props.tabs[(to + last + 1) % (last + 1)];
    if (next === undefined) return;
    event.preventDefault();
    setOpen(next.key);
    document.getElementById(`${id}-${next.key}`)?.focus();
  };
  return (
    <>
      <div class="tabs" role="tablist" aria-label={props.label} onKeyDown={move}>
        {props.tabs.map((tab) => (
          <button
            key={tab.key}
            id={`${id}-${tab.key}`}
            type="button"
            role="tab"
            aria-selected={tab === current}
            aria-controls={`${id}-panel`}
            tabIndex={tab === current ? 0 : -1}
            onClick={() => setOpen(tab.key)}
          >
            {tab.title}
            {tab.count !== undefined && <span class="tab-count">{tab.count}</span>}
          </button>
        ))}
      </div>
      <div
        id={`${id}-panel`}
        class="tab-panel"
        role="tabpanel"
        tabIndex={0}
        aria-labelledby={`${id}-${current.key}`}
      >
        {current.render()}
      </div>
    </>
  );
}
