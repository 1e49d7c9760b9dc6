import type { ComponentChildren } from "preact";

/** Names of the icons that the pages use. */
export type IconName = keyof typeof SHAPES;

const SHAPES = {
  alert: (
    <>
      <path d="M8 2.2 14.6 13.6H1.4Z" />
      <path d="M8 6.4v3.4M8 11.6v.1" />
    </>
  ),
  arrowDown: <path d="M8 3v10M4 9l4 4 4-4" />,
  arrowUp: <path d="M8 13V3M4 7l4-4 4 4" />,
  audit: <path d="M3.5 2.5h9v11h-9zM6 6h4M6 8.5h4M6 11h2.5" />,
  check: <path d="m3 8.5 3.2 3.2L13 4.8" />,
  chevronLeft: <path d="M10 3.5 5.5 8l4.5 4.5" />,
  chevronRight: <path d="M6 3.5 10.5 8 6 12.5" />,
  close: <path d="m4 4 8 8M12 4l-8 8" />,
  copy: <path d="M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3" />,
  edit: <path d="M3 13h2.2l7.3-7.3-2.2-2.2L3 10.8ZM9 4.8l2.2 2.2" />,
  keyboard: (
    <>
      <rect x="1.5" y="4" width="13" height="8.5" rx="1.5" />
      <path d="M4.5 7h.1M7 7h.1M9.2 7h.1M11.5 7h.1M5 10h6" />
    </>
  ),
  migrations: <path d="M4 13.5v-8M1.8 7.6 4 5.3l2.2 2.3M12 2.5v8M9.8 8.4l2.2 2.3 2.2-2.3" />,
  moon: <path d="M13 9.6A5.6 5.6 0 0 1 6.4 3a5.4 5.4 0 1 0 6.6 6.6Z" />,
  overview: <path d="M2 13.5h12M3.5 11V8M6.5 11V4.5M9.5 11V6.5M12.5 11V2.5" />,
  pause: <path d="M5.5 3.5v9M10.5 3.5v9" />,
  play: <path d="M5 3.2v9.6L12.6 8Z" />,
  plus: <path d="M8 3v10M3 8h10" />,
  search: <path d="M7 12A5 5 0 1 0 7 2a5 5 0 0 0 0 10ZM10.7 10.7 14 14" />,
  refresh: <path d="M13 8a5 5 0 1 1-1.5-3.6L13.2 6M13.2 2.8V6H10" />,
  stop: <path d="M4 4h8v8H4z" />,
  sun: (
    <>
      <circle cx="8" cy="8" r="2.8" />
      <path d="M8 1.5v1.3M8 13.2v1.3M1.5 8h1.3M13.2 8h1.3M3.4 3.4l.9.9M11.7 11.7l.9.9M12.6 3.4l-.9.9M4.3 11.7l-.9.9" />
    </>
  ),
  system: (
    <>
      <rect x="2" y="3" width="12" height="8" rx="1.2" />
      <path d="M6 13.8h4" />
    </>
  ),
  tenants: <path d="M2.5 3.5h11M2.5 8h11M2.5 12.5h11" />,
  trash: <path d="M3 4.5h10M6.5 4.5v-2h3v2M4.5 4.5l.6 9h5.8l.6-9M6.8 7v4M9.2 7v4" />,
} satisfies Readonly<Record<string, ComponentChildren>>;

/** A drawing beside words; screen readers pass over it. */
export function Icon(props: { readonly name: IconName }): ComponentChildren {
  return (
    <svg class="icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
      {SHAPES[props.name]}
    </svg>
  );
}
