import type { DiffProgress } from "../core/drift.ts";
import type { Output } from "./output.ts";
import { createProgress } from "./progress.ts";

/** Shows how far a comparison is, on standard error. */
export interface DiffProgressDisplay {
  /** To be called after each tenant. */
  update(progress: DiffProgress): void;
  /** Takes the bar away. */
  end(): void;
}

/** Without a terminal, a line now and then says that it goes on. */
const HEARTBEAT_TENANTS = 100;

/** Returns a bar on a terminal, and plain lines otherwise. */
export function createDiffProgress(output: Output): DiffProgressDisplay {
  if (output.stderr.isTTY !== true) {
    return {
      end: () => undefined,
      update: ({ done, total }) => {
        if (done % HEARTBEAT_TENANTS === 0) output.note(`[${done}/${total}] compared`);
      },
    };
  }
  const bar = createProgress(output, "Comparing");
  return {
    end: () => bar.end(),
    update: ({ done, last, total }) => {
      const { durationMs, error, tenant } = last;
      const item = { durationMs, schemaName: "", tenant };
      bar.update({
        done,
        last:
          error === undefined ? { ...item, ok: true, versions: [] } : { ...item, error, ok: false },
        total,
      });
    },
  };
}
