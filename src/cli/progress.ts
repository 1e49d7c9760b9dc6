import type { FleetItem, FleetProgress } from "../core/fleet.ts";
import { summarizeError } from "./error-report.ts";
import { duration, type Output } from "./output.ts";
import { fitText, printable } from "./text-width.ts";

/** Shows how far a fleet run is, on standard error. */
export interface ProgressDisplay {
  /** To be called after each tenant. */
  update(progress: FleetProgress): void;
  /** Takes the bar away. */
  end(): void;
}

const BAR_COLUMNS = 24;
/** Some terminals say that they are no columns wide. */
const DEFAULT_COLUMNS = 80;
const REDRAW_MS = 80;
/** Without a terminal, tenants with nothing to do are only worth a line now and then. */
const HEARTBEAT_TENANTS = 100;
/** Of more tenants than this, those that went well are not worth a line each either. */
const LISTED_TENANTS = 300;

/** Returns a bar on a terminal, and plain lines otherwise. */
export function createProgress(output: Output, verb: string): ProgressDisplay {
  return output.stderr.isTTY === true ? createBar(output, verb) : createLines(output);
}

// A bar of our own: the one of the prompt library puts standard input into raw mode and ends the
// process on Ctrl-C, which would cut tenants off in the middle.
function createBar(output: Output, verb: string): ProgressDisplay {
  const { stderr, noteStyle } = output;
  let drawnAt = Number.NEGATIVE_INFINITY;
  const clear = (): void => void stderr.write("\r\u001b[2K");
  return {
    end: clear,
    update: ({ done, total, last }) => {
      if (!last.ok) {
        clear();
        output.note(noteStyle.red(itemLine(last)));
      }
      const now = performance.now();
      if (now - drawnAt < REDRAW_MS && done < total && last.ok) return;
      drawnAt = now;
      const filled = Math.round((done / Math.max(1, total)) * BAR_COLUMNS);
      const bar = "━".repeat(filled) + noteStyle.dim("─".repeat(BAR_COLUMNS - filled));
      const head = `${verb}  `;
      const tail = `  ${done}/${total}  ${printable(last.tenant)}`;
      const room = (stderr.columns || DEFAULT_COLUMNS) - head.length - BAR_COLUMNS - 1;
      clear();
      stderr.write(head + bar + fitText(tail, room));
    },
  };
}

function createLines(output: Output): ProgressDisplay {
  return {
    end: () => undefined,
    update: ({ done, total, last }) => {
      const isNews = !last.ok || (last.versions.length > 0 && total <= LISTED_TENANTS);
      if (!isNews && done % HEARTBEAT_TENANTS !== 0) return;
      output.note(`[${done}/${total}] ${itemLine(last)}`);
    },
  };
}

function itemLine(item: FleetItem): string {
  const took = duration(item.durationMs);
  if (!item.ok) {
    return `${printable(item.tenant)} failed (${took}): ${summarizeError(item.error)}`;
  }
  const what = item.versions.length === 0 ? "nothing to do" : item.versions.join(", ");
  return `${printable(item.tenant)} ${what} (${took})`;
}
