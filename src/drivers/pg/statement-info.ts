import { LRUCache } from "lru-cache";
import { withoutComments } from "../../dialects/postgres/lexical.ts";

/** What a text may leave behind in its session, and what has to be done about it. */
export type SessionTrace = "none" | "reset" | "destroy";

/** What is known of a statement by its text alone. */
export interface StatementInfo {
  /** Differs for every text, in this process. */
  readonly key: string;
  /** The text itself. */
  readonly text: string;
  /** Whether preparing it pays: it reads or changes rows. */
  readonly isPreparable: boolean;
  /** What it may leave behind in its session. */
  readonly trace: SessionTrace;
  /** Whether it reads what statements before it have left in the session, whosesoever they were. */
  readonly readsSession: boolean;
  /** Whether it begins a transaction, or says how it is isolated, and does nothing else. */
  readonly opensTransaction: boolean;
}

/** Characters of all texts together. */
const MAX_REMEMBERED = 8 * 1024 * 1024;

const PREPARABLE = /^\s*\(*\s*(?:select|insert|update|delete|merge|with|values|table)\b/i;
const LOCAL_SET_CONFIG = /set_config\s*\((?:[^()']|'[^']*')*,\s*true\s*\)/gi;

const OPENS_TRANSACTION = /^\s*(?:begin|start\s+transaction|set\s+transaction)\b[^;]*;?\s*$/i;

const READS_SESSION = /\blastval"?\s*\(/i;

/** Statements whose traces cannot be removed, or whose removal would break the driver. */
const DESTROY =
  /(?:^|;)\s*(?:prepare(?!\s+transaction\b)|load|deallocate|discard\s+(?:all|plans))\b/i;

/** Statements that leave something in the session which `RESET_TEXT` removes. */
const RESET = new RegExp(
  [
    // The words that may come before are those of a `do` block.
    String.raw`(?:^|;|\b(?:begin|else|loop|then)\b)\s*(?:set(?!\s+(?:local|transaction|constraints)\b)|reset|listen|discard)\b`,
    String.raw`\b(?:temp|temporary)\s+(?:table|view|sequence|recursive)\b`,
    String.raw`\binto\s+(?:temp|temporary)\b`,
    String.raw`\bpg_temp\b`,
    String.raw`\bset_config"?\s*\(`,
    String.raw`\bupdate\s+(?:pg_catalog\s*\.\s*)?pg_settings\b`,
    String.raw`\bpg_(?:try_)?advisory_lock(?:_shared)?\b`,
    String.raw`\bwith\s+hold\b`,
  ].join("|"),
  "i",
);

/**
 * Removes what a session may carry to its next user, without `deallocate all`: `pg` would go on
 * to use statements that it believes prepared.
 *
 * @see https://www.postgresql.org/docs/current/sql-discard.html
 */
export const RESET_TEXT: string =
  "close all; set session authorization default; reset all; unlisten *; " +
  "select pg_catalog.pg_advisory_unlock_all(); discard temp; discard sequences; " +
  "set search_path = ''";

/** Looks at texts, and remembers the answer for those that come again. */
export class StatementInfos {
  /** Bounded by length too: texts with values written into them may be long, and never come again. */
  readonly #infos = new LRUCache<string, StatementInfo>({
    max: 5_000,
    maxSize: MAX_REMEMBERED,
    sizeCalculation: (_info, text) => text.length + 1,
  });
  #nextKey = 0;

  /** Returns what is known of a text. */
  of(text: string): StatementInfo {
    let info = this.#infos.get(text);
    if (info === undefined) {
      info = inspect(text, (this.#nextKey++).toString(36));
      this.#infos.set(text, info);
    }
    return info;
  }
}

function inspect(text: string, key: string): StatementInfo {
  // ISOLATION: a comment may nest, and may end with a carriage return: what follows would be unseen.
  // leak/session-traces.test.ts
  const bare = withoutComments(text);
  const trace = traceOfBare(bare);
  return {
    isPreparable: trace === "none" && PREPARABLE.test(bare),
    key,
    opensTransaction: OPENS_TRANSACTION.test(bare),
    readsSession: READS_SESSION.test(bare),
    text,
    trace,
  };
}

/** Returns what a text may leave in its session; of one that will not come again. */
export function traceOf(text: string): SessionTrace {
  return traceOfBare(withoutComments(text));
}

function traceOfBare(text: string): SessionTrace {
  const bare = text.replace(LOCAL_SET_CONFIG, "");
  if (DESTROY.test(bare)) return "destroy";
  return RESET.test(bare) ? "reset" : "none";
}
