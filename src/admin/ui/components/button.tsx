import type { ButtonHTMLAttributes, ComponentChildren } from "preact";
import { Icon, type IconName } from "./icon.tsx";

interface ButtonProps extends Omit<ButtonHTMLAttributes, "icon"> {
  /** How much it stands out. Default `plain`. */
  readonly kind?: "danger" | "ghost" | "plain" | "primary";
  readonly icon?: IconName;
  /** Shows that its work is going on, and lets nobody start it twice. */
  readonly busy?: boolean;
  /** A smaller one, for rows and bars. */
  readonly small?: boolean;
  readonly children?: ComponentChildren;
}

/** A button that submits nothing unless `type` says so. */
export function Button(props: ButtonProps): ComponentChildren {
  const { kind = "plain", icon, busy = false, small = false, children, ...rest } = props;
  const isIconAlone = children === undefined || children === null;
  const classes = [
    "button",
    `button-${kind}`,
    small && "button-small",
    isIconAlone && "button-icon",
  ];
  return (
    <button
      type="button"
      {...rest}
      class={classes.filter(Boolean).join(" ")}
      aria-busy={busy || undefined}
      aria-disabled={busy || undefined}
      onClick={busy ? (event) => event.preventDefault() : rest.onClick}
    >
      {busy ? <span class="spinner" aria-hidden="true" /> : icon && <Icon name={icon} />}
      {children}
    </button>
  );
}

/** A link that looks like a button. */
export function ButtonLink(props: {
  readonly href: string;
  readonly kind?: "ghost" | "plain" | "primary";
  readonly icon?: IconName;
  readonly children: ComponentChildren;
}): ComponentChildren {
  return (
    <a class={`button button-${props.kind ?? "plain"}`} href={props.href}>
      {props.icon && <Icon name={props.icon} />}
      {props.children}
    </a>
  );
}
