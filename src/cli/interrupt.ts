import type { Output } from "./output.ts";

/** Exit code of a command that was interrupted, by the shell's rule of 128 plus the signal. */
export const EXIT_INTERRUPTED = 130;

/** A run that Ctrl-C stops in two steps. */
export interface Interruptible {
  /** Aborted by the first Ctrl-C or SIGTERM. */
  readonly signal: AbortSignal;
  /** Gives the signals back to Node.js. */
  end(): void;
}

/**
 * Takes over Ctrl-C: the first one aborts the signal, so that what is in hand is finished and can
 * be reported; the second one ends the process at once. SIGTERM, which a deployment sends, counts
 * as the first.
 *
 * @param output - where to say what happens
 * @param inHand - what is finished first, such as `"the tenants in hand"`
 */
export function interruptible(output: Output, inHand: string): Interruptible {
  const controller = new AbortController();
  const onSignal = (signal: NodeJS.Signals): void => {
    if (controller.signal.aborted) {
      if (signal === "SIGINT") process.exit(EXIT_INTERRUPTED);
      return;
    }
    controller.abort();
    // A terminal shows ^C where the cursor is, behind the bar.
    const begin = output.stderr.isTTY === true ? "\n" : "";
    output.note(`${begin}Stopping after ${inHand}; press Ctrl-C again to stop at once.`);
  };
  process.on("SIGINT", onSignal);
  process.on("SIGTERM", onSignal);
  return {
    end: () => {
      process.off("SIGINT", onSignal);
      process.off("SIGTERM", onSignal);
    },
    signal: controller.signal,
  };
}
