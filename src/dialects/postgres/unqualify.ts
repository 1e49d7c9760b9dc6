import type {
  QualifiedNames,
  QualifiedProblem,
  UnqualifiedText,
} from "../../core/qualified-names.ts";
import { quoteIdentifier } from "./identifier.ts";
import {
  isSchemaName,
  isStatementOnSchema,
  listsSchema,
  namesSchema,
  SCHEMA_COLUMN,
} from "./schema-in-text.ts";
import { splitStatements } from "./split-statements.ts";
import { readTokens, type Token } from "./tokens.ts";

/** A type of the server itself comes before the scope's own where a name is not qualified. */
const BUILT_IN =
  /^(?:bit|bool|box|bpchar|bytea|char|cid|cidr|circle|date|float[48]|inet|int[248]|interval|json|jsonb|jsonpath|line|lseg|macaddr8?|money|name|numeric|oid|path|point|polygon|record|refcursor|text|tid|time|timestamp|timestamptz|timetz|tsquery|tsvector|uuid|varbit|varchar|void|xid8?|xml)$/;
const TAKES_NAME =
  /^(?:nextval|setval|currval|pg_get_serial_sequence|to_reg(?:class|type|proc|procedure))$/;
const KNOWN_LANGUAGE = /^(?:sql|plpgsql)$/;

/**
 * Takes `"public".` off the names in a script. What is left runs in the tenant's scope, where such a
 * name is the tenant's own, whatever the schema is called: one text for all tenants.
 *
 * Rewritten are names, names in strings that are cast to `regclass` and the like, and the bodies of
 * `do` blocks and functions in SQL and PL/pgSQL. `create schema "public"` is left out.
 */
export function unqualifyNames(script: string, names: QualifiedNames): UnqualifiedText {
  const edits: Edit[] = [];
  const problems: QualifiedProblem[] = [];
  for (const { line, start, text } of splitStatements(script)) {
    const rewrite = new Rewrite(text, names);
    rewrite.run();
    for (const edit of rewrite.edits) {
      edits.push({ ...edit, from: start + edit.from, to: start + edit.to });
    }
    for (const { at, what } of rewrite.problems) {
      problems.push({ line: line + countLines(text.slice(0, at)), what });
    }
  }
  return { problems, text: apply(script, edits) };
}

interface Edit {
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

class Rewrite {
  readonly edits: Edit[] = [];
  readonly problems: { readonly at: number; readonly what: string }[] = [];
  readonly #names: QualifiedNames;
  readonly #text: string;
  readonly #tokens: readonly Token[];

  constructor(text: string, names: QualifiedNames) {
    this.#text = text;
    this.#names = names;
    this.#tokens = readTokens(text);
  }

  run(): void {
    if (this.#isMakingSchema()) return;
    const isBlock = this.#word(0) === "do";
    const isRoutine = isBlock || this.#isRoutine();
    const isReadable = isRoutine && KNOWN_LANGUAGE.test(this.#language());
    for (const [index, token] of this.#tokens.entries()) {
      if (token.kind === "dollar" && isReadable) this.#body(token);
      else if (isRoutine && /^(?:dollar|escaped|string)$/.test(token.kind)) {
        if (!this.#textAt(index)) this.#checkText(token);
      } else this.#tokenAt(index);
    }
  }

  #tokenAt(index: number): void {
    const token = this.#tokens[index];
    if (this.#isSchema(index)) this.#schemaAt(index);
    else if (/^(?:dollar|escaped|string)$/.test(token?.kind ?? "")) this.#textAt(index);
  }

  /** Looks at a string; tells whether it was rewritten, or refused. */
  #textAt(index: number): boolean {
    const token = this.#tokens[index];
    if (token === undefined) return false;
    const text = this.#text.slice(token.start, token.end);
    const count = this.edits.length + this.problems.length;
    const next = this.#tokens[index + 1]?.value;
    if (token.kind === "escaped" && text.endsWith('"')) {
      // What it stands for may be the schema.
      if (next === ".") this.#problem(token.start, "has a name with escapes before a point");
    } else if (this.#isInPath(index) && listsSchema(text, this.#names)) {
      this.#problem(token.start, `sets a search path with "${this.#names.schema}" in it`);
    } else if (token.kind !== "string") {
      if (this.#isNameAt(index)) this.#checkText(token);
    } else if (!this.#nameInString(index)) this.#catalogAt(index);
    return this.edits.length + this.problems.length > count;
  }

  /** A string in a `set search_path`, or a `set_config`. */
  #isInPath(index: number): boolean {
    const at = (offset: number): Token | undefined => this.#tokens[index + offset];
    if (at(-1)?.value === "," && at(-2)?.kind === "string") return at(-2)?.value === "search_path";
    const path = this.#tokens
      .slice(0, index)
      .findLast(({ value }) => /^(?:search_path|as|;|\()$/.test(value));
    return path?.kind === "word" && path.value === "search_path";
  }

  /** Where the catalog is asked for what is in the schema, it is asked for what is in the scope's. */
  #catalogAt(index: number): void {
    const token = this.#tokens[index];
    if (token?.kind !== "string" || token.value !== this.#names.schema) return;
    const at = (offset: number): string => this.#tokens[index + offset]?.value ?? "";
    const isNamespace = at(1) === ":" && at(2) === ":" && at(3) === "regnamespace";
    const isEqual = at(-1) === "=" && SCHEMA_COLUMN.test(at(-2));
    if (isNamespace || isEqual) this.#edit(token.start, token.end, "current_schema()");
    else {
      const first = this.#tokens.slice(0, index).findLast(({ value }) => value === "(");
      const list = first === undefined ? -1 : this.#tokens.indexOf(first);
      const column = this.#tokens[list - (this.#tokens[list - 2]?.value === "not" ? 3 : 2)]?.value;
      const isIn = this.#tokens[list - 1]?.value === "in" && SCHEMA_COLUMN.test(column ?? "");
      const isOther = /^[=>]$/.test(at(-1)) && SCHEMA_COLUMN.test(at(-3));
      if (!isIn && !isOther) return;
      const what = `looks in the catalog for what is in the schema "${this.#names.schema}"`;
      this.#problem(token.start, what);
    }
  }

  /** `create schema "public"` makes what every tenant has under another name. */
  #isMakingSchema(): boolean {
    if (this.#word(0) !== "create" || this.#word(1) !== "schema") return false;
    const isCareful = this.#word(2) === "if";
    const index = isCareful ? 5 : 2;
    const token = this.#tokens[index];
    if (this.#isSchema(index) && this.#tokens.length === index + 1) {
      this.#edit(0, this.#text.length, "");
      return true;
    }
    const name = token === undefined ? "" : token.value;
    if (!this.#names.keep.includes(name)) {
      this.#problem(0, `makes the schema "${name}", which all tenants would have in common`);
    }
    return false;
  }

  #isRoutine(): boolean {
    if (this.#word(0) !== "create") return false;
    const kind = this.#word(this.#word(1) === "or" ? 3 : 1);
    return kind === "function" || kind === "procedure";
  }

  /** Without one, a `do` block is in PL/pgSQL; a body of a function in no language is an error. */
  #language(): string {
    const at = this.#tokens.findIndex(({ kind, value }) => kind === "word" && value === "language");
    return at < 0 ? "plpgsql" : (this.#tokens[at + 1]?.value.toLowerCase() ?? "");
  }

  #schemaAt(index: number): void {
    const [before, token, behind] = [index - 1, index, index + 1].map((at) => this.#tokens[at]);
    if (token === undefined) return;
    if (this.#isOnSchema(index)) {
      this.#problem(token.start, `has a statement on the schema "${this.#names.schema}" itself`);
      return;
    }
    const path = this.#tokens
      .slice(0, index)
      .findLast(
        ({ kind, value }) => kind === "word" && (value === "search_path" || value === "as"),
      );
    if (path?.value === "search_path") {
      this.#problem(token.start, `sets a search path with "${this.#names.schema}" in it`);
    }
    const name = this.#tokens[index + 2];
    const isName = name?.kind === "name" || name?.kind === "word";
    if (behind?.value !== "." || name === undefined || !isName) return;
    if (before?.value === ".") {
      // A database may be named before it; so may a schema, where it is a table.
      this.#problem(token.start, `has a name before "${this.#names.schema}"`);
      return;
    }
    if (this.#names.keep.includes(name.value)) return;
    const kind = before?.kind === "word" ? before.value : "";
    if ((kind === "type" || kind === "domain") && BUILT_IN.test(name.value)) {
      const what = `has a type "${name.value}", a name that without its schema is the server's own type`;
      this.#problem(token.start, what);
    }
    // ISOLATION: with its schema, every tenant's migration would change the one table in `public`.
    // integration/migrate/folders/sql-folders.test.ts
    // A word behind a point may be one that is reserved elsewhere.
    const bare = name.kind === "name" ? "" : quoteIdentifier(name.value);
    this.#edit(token.start, name.kind === "name" ? name.start : name.end, bare);
  }

  /** `schema public`, and `schema if exists other, public`. */
  #isOnSchema(index: number): boolean {
    const at = (offset: number): string => this.#tokens[index + offset]?.value ?? "";
    if (this.#tokens[index - 1]?.kind === "word" && at(-1) === "schema") return true;
    if (at(-1) === "into" && this.#word(0) === "import") return true;
    let offset = -1;
    while (at(offset) === ",") offset -= 2;
    if (at(offset) === "exists" && at(offset - 1) === "if") offset -= 2;
    return at(offset) === "schema" && /^(?:drop|on|in)$/.test(at(offset - 1));
  }

  #body({ end, start, value }: Token): void {
    const inner = new Rewrite(value, this.#names);
    const offset = start + (end - start - value.length) / 2;
    for (const [index, token] of inner.#tokens.entries()) {
      inner.#tokenAt(index);
      if (/^(?:dollar|escaped|string)$/.test(token.kind)) inner.#checkRun(index);
    }
    for (const edit of inner.edits) this.#edit(offset + edit.from, offset + edit.to, edit.text);
    for (const { at, what } of inner.problems) this.#problem(offset + at, what);
  }

  /** Rewrites a string that is the name of a table or the like; tells whether it is one. */
  #nameInString(index: number): boolean {
    const token = this.#tokens[index];
    if (token === undefined || !this.#isNameAt(index)) return false;
    const inner = new Rewrite(token.value, this.#names);
    if (inner.#tokens.length < 3 || !inner.#isSchema(0)) return false;
    inner.#schemaAt(0);
    const text = apply(token.value, inner.edits).replaceAll("'", "''");
    this.#edit(token.start, token.end, `'${text}'`);
    return true;
  }

  #isNameAt(index: number): boolean {
    const at = (offset: number): string => this.#tokens[index + offset]?.value ?? "";
    if (at(-1) === "(" && TAKES_NAME.test(at(-2))) return true;
    if (/^reg[a-z]+$/.test(at(-1))) return true;
    if (at(1) === "as" && /^reg[a-z]+$/.test(at(2))) return true;
    if (at(1) !== ":" || at(2) !== ":") return false;
    if (/^reg[a-z]+$/.test(at(3))) return true;
    // `('public.users'::text)::regclass`, as dumps write it.
    return at(3) === "text" && at(4) === ")" && at(5) === ":" && /^reg[a-z]+$/.test(at(7));
  }

  /** What is in a string may be run. */
  #checkText({ end, start }: Token): void {
    if (namesSchema(this.#text.slice(start, end), this.#names)) this.#problemOfText(start);
  }

  /** A string in a body is data, unless it is put together for `execute`, or looks like it. */
  #checkRun(index: number): void {
    const token = this.#tokens[index];
    if (token === undefined || this.edits.some(({ from }) => from === token.start)) return;
    const text = this.#text.slice(token.start, token.end);
    const before = this.#tokens.slice(0, index);
    const since = before.slice(before.findLastIndex(({ value }) => value === ";") + 1);
    const isRun = since.some(
      ({ kind, value }) => kind === "word" && (value === "execute" || value === "format"),
    );
    const isSql = isStatementOnSchema(text, this.#names);
    const isPart = namesSchema(text, this.#names) || isSchemaName(token.value, this.#names);
    if (isSql || (isRun && isPart)) this.#problemOfText(token.start);
  }

  #problemOfText(start: number): void {
    const what = `names the schema "${this.#names.schema}" in a text that may be run later`;
    this.#problem(start, what);
  }

  #isSchema(index: number): boolean {
    const token = this.#tokens[index];
    if (token?.kind !== "name" && token?.kind !== "word") return false;
    return token.value === this.#names.schema;
  }

  #word(index: number): string {
    const token = this.#tokens[index];
    return token?.kind === "word" ? token.value : "";
  }

  /** Lines stay where they are. */
  #edit(from: number, to: number, text: string): void {
    const lines = "\n".repeat(countLines(this.#text.slice(from, to)));
    // Two names in quotes, one behind the other, would be one.
    const gap = lines === "" && this.#text[from - 1] === '"' ? " " : "";
    this.edits.push({ from, text: lines + gap + text, to });
  }

  #problem(at: number, what: string): void {
    this.problems.push({ at, what });
  }
}

function apply(text: string, edits: readonly Edit[]): string {
  let result = "";
  let at = 0;
  for (const edit of edits.toSorted((a, b) => a.from - b.from)) {
    result += text.slice(at, edit.from) + edit.text;
    at = edit.to;
  }
  return result + text.slice(at);
}

function countLines(text: string): number {
  return text.split("\n").length - 1;
}
