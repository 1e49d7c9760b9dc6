import { mysql } from "../../dialects/mysql/index.ts";

/** What a text does to the transaction that it is sent in. */
export type MysqlControl =
  | { readonly kind: "commit" | "rollback"; readonly chains: boolean }
  | { readonly kind: "begin" | "none" | "nothing" }
  | { readonly kind: "refused"; readonly fact: string };

const NONE: MysqlControl = { kind: "none" };

const LEADING = /^(?:\s+|;|\/\*(?!M?!)[\s\S]*?\*\/|--\s[^\n]*(?:\n|$)|#[^\n]*(?:\n|$))+/;
/** What begins a comment that servers run. */
const RUN_COMMENT = /^\/\*M?!\d*/;

const BEGIN = /^(?:begin\b(?!\s+not\s+atomic)|start\s+transaction\b)/i;
const ROLLBACK = /^rollback\b(?!\s+(?:work\s+)?to\b)/i;
const ISOLATION = /^set\s+(?:(?:session|local)\s+)?transaction\b/i;
/** Statements that commit what was done before them. */
const COMMITS =
  /^(?:(?:create|drop)\s+(?!(?:or\s+replace\s+)?temporary\b)|alter\b|rename\b|truncate\b|lock\s+tables?\b|unlock\s+tables\b|xa\b|grant\b|revoke\b|(?:analyze|check|optimize|repair)\s+(?:\w+\s+)?table\b|flush\b|install\b|uninstall\b|set\s+(?:(?:session|local)\s+|@@(?:session\.|local\.)?)?autocommit\b|set\s+password\b)/i;

/** Reads a text, whatever its case and comments. */
export function mysqlControlOf(text: string): MysqlControl {
  const one = controlOfStatement(text);
  if (!text.includes(";")) return one;
  const statements = mysql.script.split(text);
  if (statements.length <= 1) return one;
  const controls = statements.map((statement) => controlOfStatement(statement.text));
  const refused = controls.find(({ kind }) => kind === "refused");
  if (refused !== undefined) return refused;
  if (controls.every(({ kind }) => kind === "none")) return NONE;
  return { fact: "A text of several statements begins or ends a transaction.", kind: "refused" };
}

function controlOfStatement(text: string): MysqlControl {
  let bare = text.replace(LEADING, "");
  while (RUN_COMMENT.test(bare)) bare = bare.replace(RUN_COMMENT, "").replace(LEADING, "");
  if (BEGIN.test(bare)) return { kind: "begin" };
  const chains = /\band\s+chain\b/i.test(bare);
  if (/^commit\b/i.test(bare)) return { chains, kind: "commit" };
  if (ROLLBACK.test(bare)) return { chains, kind: "rollback" };
  if (ISOLATION.test(bare)) return { kind: "nothing" };
  if (!COMMITS.test(bare)) return NONE;
  return { fact: "A statement would commit what a test has done.", kind: "refused" };
}
