import { postgres } from "../../dialects/postgres/index.ts";
import { withoutComments } from "../../dialects/postgres/lexical.ts";

/** What a text does to the transaction that it is sent in. */
export type Control =
  | { readonly kind: "begin" | "set"; readonly isReadOnly: boolean }
  | { readonly kind: "commit" | "rollback"; readonly chains: boolean }
  | { readonly kind: "refused"; readonly fact: string }
  | { readonly kind: "none" };

const NONE: Control = { kind: "none" };

const MAY_CONTROL =
  /\b(?:begin|start|commit|end|rollback|abort|transaction|prepare\s+transaction)\b/i;

const BEGIN = /^(?:begin\b(?!\s+atomic)|start\s+transaction\b)/i;
const COMMIT = /^(?:commit|end)\b(?!\s+prepared)/i;
const ROLLBACK = /^(?:rollback|abort)\b(?!\s+(?:(?:work|transaction)\s+)?to\b)(?!\s+prepared)/i;
const SET = /^set\s+(?:local\s+)?transaction\b/i;
const TWO_PHASES = /^(?:prepare\s+transaction|commit\s+prepared|rollback\s+prepared)\b/i;

/** Reads a text, whatever its case and comments. */
export function controlOf(text: string): Control {
  // Most texts have none of the words.
  if (!MAY_CONTROL.test(text)) return NONE;
  const bare = withoutComments(text).trim();
  const one = controlOfStatement(bare);
  const semicolon = bare.indexOf(";");
  if (semicolon < 0 || semicolon === bare.length - 1) return one;
  const statements = postgres.script.split(text);
  const [only] = statements;
  // Empty ones are not statements.
  if (statements.length === 1 && only !== undefined) {
    return controlOfStatement(withoutComments(only.text).trim());
  }
  const controls = statements.map((statement) =>
    controlOfStatement(withoutComments(statement.text).trim()),
  );
  if (controls.every(({ kind }) => kind === "none")) return NONE;
  return {
    fact: "A text of several statements begins or ends a transaction.",
    kind: "refused",
  };
}

function controlOfStatement(bare: string): Control {
  if (TWO_PHASES.test(bare)) return { fact: "A transaction is prepared.", kind: "refused" };
  const isReadOnly = /\bread\s+only\b/i.test(bare);
  if (BEGIN.test(bare)) return { isReadOnly, kind: "begin" };
  if (SET.test(bare)) return { isReadOnly, kind: "set" };
  const chains = /\band\s+chain\b/i.test(bare);
  if (COMMIT.test(bare)) return { chains, kind: "commit" };
  if (ROLLBACK.test(bare)) return { chains, kind: "rollback" };
  return NONE;
}
