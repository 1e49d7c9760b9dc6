import { LRUCache } from "lru-cache";

/** What a text may leave behind in its session, and what has to be done about it. */
export type SessionTrace = "none" | "reset" | "destroy";

/** What of its session a text reads that statements before it have left there. */
export type SessionReading = "nothing" | "insertId" | "diagnostics";

/** What is known of a statement by its text alone. */
export interface StatementInfo {
  /** Whether it enters a database by itself, which only the scope may. */
  readonly isUse: boolean;
  /** Whether the session may be in another database after it. */
  readonly mayMove: boolean;
  /** What it may leave behind in its session. */
  readonly trace: SessionTrace;
  /** Whether it sets how the next transaction is isolated, whosesoever that is. */
  readonly setsNextTransaction: boolean;
  /** What it reads of what was left in the session, whosesoever that is. */
  readonly reads: SessionReading;
}

/** Characters of all texts together. */
const MAX_REMEMBERED = 8 * 1024 * 1024;

/** Comments that the server runs as SQL are none. */
const LEADING_COMMENT =
  /^\s*(?:--(?=\s|$)[^\n]*(?:\n|$)|#[^\n]*(?:\n|$)|\/\*(?!M?!)(?:[^*]|\*(?!\/))*\*\/)/;

const USE = /^use\b/i;

/** What may be between two words. It is bounded, as every match of the first word is tried. */
const GAP = String.raw`(?:\s|--[^\n]{0,200}(?:\n|$)|#[^\n]{0,200}(?:\n|$)|/\*(?:[^*]|\*(?!/)){0,200}\*/)*`;

/** Leaves the session without a database, if it was in that one. */
const DROP_DATABASE = new RegExp(`^drop\\b${GAP}(?:database|schema)\\b`, "i");

/** Settings: it stays where it is, unless another statement is part of it, or may be in a comment that runs. */
const SET = new RegExp(`^set\\b(?!${GAP}(?:statement\\b|/\\*M?!))`, "i");

/** For the next transaction alone. */
const SET_TRANSACTION = new RegExp(`^set\\b${GAP}transaction\\b`, "i");

/** Statements that leave nothing that the patterns below do not find, and stay in their database. */
const PLAIN = new RegExp(
  `^\\(*${GAP}(?:${[
    "select|insert|replace|update|delete|with|values|table|do",
    "show|describe|desc|explain|analyze|check|checksum|optimize|repair",
    `begin(?!${GAP}(?:not\\b|/\\*M?!))|start${GAP}transaction|commit|rollback|savepoint|release`,
    "create|alter|drop|truncate|rename|grant|revoke",
    `load${GAP}(?:data|xml)|unlock|kill|signal`,
  ].join("|")})\\b`,
  "i",
);

/** Who the session's user is, and what the user may: nothing of it is undone by a reset. */
const DESTROY = new RegExp(
  `^(?:set\\b${GAP}(?:(?:default\\b${GAP})?role|session${GAP}authorization)|xa|change|install|uninstall)\\b`,
  "i",
);

/** What plain statements may leave in the session. Functions may be quoted as names are. */
const RESET = new RegExp(
  [
    `\\b(?:get_lock|service_get_(?:read|write)_locks)[\`"]?${GAP}\\(`,
    `\\btemporary\\b${GAP}(?:table|sequence)\\b`,
    // Variables: a value is assigned, or a result or a file is put into one. Their names are short.
    `@[\\w$.\\u0080-\\uffff]+${GAP}:=`,
    `@[\`'"][^]{0,400}?:=`,
    `\\binto\\b${GAP}@`,
    "^load\\b[^]*@",
    // Comments that the server runs.
    String.raw`/\*M?!`,
  ].join("|"),
  "i",
);

const READS_INSERT_ID = new RegExp(
  `\\blast_insert_id[\`"]?${GAP}\\(${GAP}\\)|@@(?:session\\.|local\\.)?(?:identity|last_insert_id)\\b`,
  "i",
);
const READS_DIAGNOSTICS = new RegExp(
  [
    `\\b(?:row_count|found_rows)[\`"]?${GAP}\\(`,
    `^show\\b${GAP}(?:count${GAP}\\([^)]*\\)${GAP})?(?:warnings|errors)\\b`,
    `^get\\b${GAP}(?:(?:current|stacked)\\b${GAP})?diagnostics\\b`,
    String.raw`@@(?:session\.|local\.)?(?:warning_count|error_count)\b`,
  ].join("|"),
  "i",
);

const WORST: readonly SessionTrace[] = ["none", "reset", "destroy"];

/** Looks at texts, and remembers the answer for those that come again. */
export class StatementInfos {
  readonly #allowMultipleStatements: boolean;
  /** Bounded by length too: texts with values written into them may be long, and never come again. */
  readonly #infos = new LRUCache<string, StatementInfo>({
    max: 5_000,
    maxSize: MAX_REMEMBERED,
    sizeCalculation: (_info, text) => text.length + 1,
  });

  /** @param allowMultipleStatements - whether one text may hold several statements */
  constructor(allowMultipleStatements: boolean) {
    this.#allowMultipleStatements = allowMultipleStatements;
  }

  /** Returns what is known of a text. */
  of(text: string): StatementInfo {
    let info = this.#infos.get(text);
    if (info === undefined) {
      info = this.look(text);
      this.#infos.set(text, info);
    }
    return info;
  }

  /** As {@link of}, for a text that will not come again. */
  look(text: string): StatementInfo {
    const info = inspect(text);
    return this.#allowMultipleStatements && text.includes(";") ? inspectAll(text, info) : info;
  }
}

/**
 * Looks at a text that may hold several statements. It is cut at each `;`, also in strings: what is not
 * a statement there is taken for one that may leave anything.
 */
function inspectAll(text: string, first: StatementInfo): StatementInfo {
  const infos = text
    .split(";")
    .filter((part) => part.trim() !== "")
    .map(inspect);
  const worst = Math.max(...infos.map(({ trace }) => WORST.indexOf(trace)), 0);
  return {
    isUse: first.isUse,
    mayMove: infos.some(({ isUse, mayMove }) => isUse || mayMove),
    // What the first one has left is its own tenant's.
    reads: infos[0]?.reads ?? "nothing",
    setsNextTransaction: infos.some(({ setsNextTransaction }) => setsNextTransaction),
    trace: WORST[worst] ?? "reset",
  };
}

function inspect(text: string): StatementInfo {
  let bare = text;
  for (let next = ""; next !== bare;) {
    next = bare;
    bare = bare.replace(LEADING_COMMENT, "");
  }
  bare = bare.trimStart();
  const setsNextTransaction = SET_TRANSACTION.test(bare);
  const isKnown = PLAIN.test(bare) || setsNextTransaction;
  // ISOLATION: what is not known may leave a lock, a variable or a table to the next holder.
  // leak/mysql2-session-traces.test.ts
  const trace = DESTROY.test(bare) ? "destroy" : isKnown && !RESET.test(bare) ? "none" : "reset";
  return {
    isUse: USE.test(bare),
    // ISOLATION: a `set` stays where it is; a procedure may go anywhere. leak/mysql2-session-traces.test.ts
    mayMove: DROP_DATABASE.test(bare) || !(isKnown || SET.test(bare)),
    reads: READS_INSERT_ID.test(bare)
      ? "insertId"
      : READS_DIAGNOSTICS.test(bare)
        ? "diagnostics"
        : "nothing",
    setsNextTransaction,
    trace,
  };
}
