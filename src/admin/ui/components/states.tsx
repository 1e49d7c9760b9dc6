import type { ComponentChildren } from "preact";
import type { ApiError } from "../api.ts";
import { Button } from "./button.tsx";
import { Icon } from "./icon.tsx";

/** What stands where nothing is: a fact, and what to do about it. */
export function Empty(props: {
  readonly title: string;
  readonly children?: ComponentChildren;
}): ComponentChildren {
  return (
    <div class="empty">
      <p class="empty-title">{props.title}</p>
      {props.children}
    </div>
  );
}

/** An error, in words and with its code, and a way to try again. */
export function ErrorBox(props: {
  readonly error: Pick<ApiError, "code" | "message">;
  /** What could not be done. Default "That did not work". */
  readonly title?: string;
  readonly onRetry?: () => void;
}): ComponentChildren {
  return (
    <div class="error-box" role="alert">
      <Icon name="alert" />
      <div>
        <p class="error-title">{props.title ?? "That did not work"}</p>
        <p>{props.error.message}</p>
        <p class="error-code">
          <code>{props.error.code}</code>
        </p>
      </div>
      {props.onRetry && (
        <Button small onClick={props.onRetry}>
          Try again
        </Button>
      )}
    </div>
  );
}

const WIDTHS = ["w-70", "w-50", "w-80", "w-60", "w-40"];

/** Grey lines where text will be. */
export function Skeleton(props: {
  readonly lines?: number;
  /** Higher lines, as of a table's rows. */
  readonly isTall?: boolean;
}): ComponentChildren {
  return (
    <div class={props.isTall ? "skeleton skeleton-tall" : "skeleton"} role="status">
      <span class="unseen">Loading</span>
      {Array.from({ length: props.lines ?? 4 }, (_, index) => (
        <span key={index} class={`skeleton-line ${WIDTHS[index % WIDTHS.length]}`} />
      ))}
    </div>
  );
}
