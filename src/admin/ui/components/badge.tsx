import type { ComponentChildren } from "preact";

/** What a state means to a person, whatever it is called. */
export type Tone = "bad" | "busy" | "good" | "info" | "muted" | "warn";

const TONES: Readonly<Record<string, Tone>> = {
  active: "good",
  applied: "good",
  begun: "busy",
  changed: "warn",
  died: "bad",
  done: "good",
  dropping: "busy",
  failed: "bad",
  maintenance: "info",
  missing: "warn",
  partial: "bad",
  pending: "warn",
  provisioning: "busy",
  renaming: "busy",
  running: "busy",
  suspended: "warn",
  trusted: "good",
  verified: "good",
};

// Each tone has a shape of its own: colour is never the only thing that tells states apart.
const SHAPES: Readonly<Record<Tone, ComponentChildren>> = {
  bad: <path class="mark-line" d="m2.5 2.5 5 5m0-5-5 5" />,
  busy: <circle class="mark-dashes" cx="5" cy="5" r="3.4" />,
  good: <circle cx="5" cy="5" r="4" />,
  info: <rect x="1.5" y="1.5" width="7" height="7" rx="1" />,
  muted: <circle class="mark-ring" cx="5" cy="5" r="3.2" />,
  warn: <path d="M5 1 9.4 9H.6Z" />,
};

/** The tone of a state of a tenant, a domain, a migration, a run or an audit entry. */
export function toneOf(state: string): Tone {
  return TONES[state] ?? "muted";
}

/** The shape of a tone by itself, for legends. */
export function Mark(props: { readonly tone: Tone }): ComponentChildren {
  return (
    <svg
      class={`mark tone-${props.tone}`}
      viewBox="0 0 10 10"
      width="10"
      height="10"
      aria-hidden="true"
    >
      {SHAPES[props.tone]}
    </svg>
  );
}

/** A state in a word, with a shape and a colour. `children` is shown instead of the word, if given. */
export function Badge(props: {
  readonly state: string;
  readonly tone?: Tone;
  readonly children?: ComponentChildren;
}): ComponentChildren {
  const tone = props.tone ?? toneOf(props.state);
  return (
    <span class={`badge tone-${tone}`}>
      <Mark tone={tone} />
      {props.children ?? props.state}
    </span>
  );
}
