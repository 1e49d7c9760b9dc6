import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { Button } from "./button.tsx";

const SAID_MS = 2000;

/** A text that is to be put elsewhere as it is, and a button that copies it. */
export function CopyText(props: {
  /** What the text is, such as "Name of the record". */
  readonly label: string;
  readonly text: string;
}): ComponentChildren {
  const shown = useRef<HTMLElement>(null);
  const [said, setSaid] = useState<string | null>(null);
  useEffect(() => {
    if (said === null) return undefined;
    const timer = setTimeout(() => setSaid(null), SAID_MS);
    return () => clearTimeout(timer);
  }, [said]);
  const copy = async (): Promise<void> => {
    const isCopied = await copyText(props.text);
    // Where nothing may be copied, what is selected can be, by hand.
    if (!isCopied && shown.current !== null) getSelection()?.selectAllChildren(shown.current);
    setSaid(isCopied ? "Copied" : "Selected: copy it with the keyboard");
  };
  return (
    <div class="copy">
      <code ref={shown} class="copy-text">
        {props.text}
      </code>
      <Button
        small
        kind="ghost"
        icon={said === "Copied" ? "check" : "copy"}
        aria-label={`Copy: ${props.label}`}
        onClick={() => void copy()}
      />
      <span class="unseen" role="status">
        {said}
      </span>
    </div>
  );
}

/** Pages without TLS, on another host than localhost, have no clipboard. */
async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}
