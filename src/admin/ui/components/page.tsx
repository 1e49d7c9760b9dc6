import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";

let isFirstPage = true;

/**
 * A page's frame: its heading, what can be done on it, and its content. Takes the focus to the heading
 * when one page follows another, so that a screen reader says where the person is.
 */
export function Page(props: {
  /** Also the window's title. */
  readonly title: string;
  /** Shown instead of the title, such as a slug with its badge. */
  readonly heading?: ComponentChildren;
  /** A line above the heading: where the page belongs. */
  readonly above?: ComponentChildren;
  /** A line below the heading. */
  readonly intro?: ComponentChildren;
  readonly actions?: ComponentChildren;
  readonly children: ComponentChildren;
}): ComponentChildren {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${props.title} · Tenants`;
  }, [props.title]);
  useEffect(() => {
    // Where the search was asked for, it may have the focus before this.
    const isElsewhere = !document.activeElement?.closest("main > *");
    if (!isFirstPage && isElsewhere) heading.current?.focus({ preventScroll: true });
    if (!isFirstPage) scrollTo(0, 0);
    isFirstPage = false;
  }, []);
  return (
    <>
      <header class="page-head">
        <div class="page-title">
          {props.above && <p class="page-above">{props.above}</p>}
          <h1 ref={heading} tabIndex={-1}>
            {props.heading ?? props.title}
          </h1>
          {props.intro && <p class="page-intro">{props.intro}</p>}
        </div>
        {props.actions && <div class="page-actions">{props.actions}</div>}
      </header>
      {props.children}
    </>
  );
}

/** A framed part of a page, with a heading of the second level. */
export function Panel(props: {
  readonly title: ComponentChildren;
  /** Beside the heading: a link, a count, a button. */
  readonly aside?: ComponentChildren;
  /** Further classes, such as `panel-wide` or `panel-flush` (no padding around a table). */
  readonly class?: string;
  readonly children: ComponentChildren;
}): ComponentChildren {
  return (
    <section class={`panel ${props.class ?? ""}`}>
      <header class="panel-head">
        <h2>{props.title}</h2>
        {props.aside && <div class="panel-aside">{props.aside}</div>}
      </header>
      <div class="panel-body">{props.children}</div>
    </section>
  );
}
