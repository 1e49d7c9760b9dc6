import type { Token } from "./tokens.ts";

/** What an `end` closes. `declaring` is a routine or package of Oracle's mode, before its `begin`. */
type Block = "begin" | "declaring" | "if" | "case" | "case-value" | "loop" | "head" | "repeat";

/**
 * How far the statement is: its first words; the head of what it makes, before the body; in the body
 * (or a handler's condition), where a statement may begin; inside a statement; or a plain statement.
 */
type Phase = "first" | "create" | "definer" | "head" | "start" | "inside" | "plain";

type Made = "trigger" | "event" | "routine" | "package";

const MADE: Readonly<Record<string, Made>> = {
  event: "event",
  function: "routine",
  library: "routine",
  package: "package",
  procedure: "routine",
  trigger: "trigger",
};

const OPENS: Readonly<Record<string, Block>> = {
  begin: "begin",
  case: "case",
  for: "head",
  if: "if",
  loop: "loop",
  repeat: "repeat",
  while: "head",
};

/** Words that begin a body which is one plain statement. */
const STATEMENTS: ReadonlySet<string> = new Set(
  (
    "alter analyze call check close commit create deallocate delete do drop execute explain fetch flush get " +
    "grant insert kill load open optimize prepare rename repair replace resignal revoke rollback savepoint " +
    "select set show signal start truncate update values with"
  ).split(" "),
);

/** Behind these, `end` is the name of a column. */
const WANTS_VALUE: ReadonlySet<string> = new Set(
  "when then else case and or not xor in like between div mod , ( = < > + - * / % | & ! ~ ^ . @".split(
    " ",
  ),
);

/**
 * Follows the tokens of one statement, and tells whether a semicolon is inside a compound body: of a
 * trigger, routine, event or package, or of a block of MariaDB's that stands alone.
 *
 * `begin` and `end` are no reserved words, `if` and `repeat` are functions too, and `if exists` is a
 * clause: a word opens or closes a block only where a statement can begin.
 */
export class CompoundStatement {
  #phase: Phase = "first";
  #made: Made | undefined;
  #isNamed = false;
  #isTypeKnown = false;
  /** A handler's statement behind its conditions, or the `as` behind the head of a package's routine. */
  #expects: "statement" | "as" | undefined;
  /** `as` or `is` ended the head of a routine: a body in another language follows, or Oracle's. */
  #isAfterAs = false;
  #parentheses = 0;
  #previous = "";
  #beforePrevious = "";
  readonly #blocks: Block[] = [];

  /** Whether a semicolon does not end the statement. */
  get isOpen(): boolean {
    return this.#blocks.length > 0;
  }

  /** Whether it is one that may have a body, as far as it was read. */
  get isCompound(): boolean {
    return !["first", "create", "definer", "plain"].includes(this.#phase);
  }

  /** Whether `$tag$` would begin a quote here. */
  get mayDollarQuote(): boolean {
    return this.#isAfterAs;
  }

  /**
   * Takes the next token.
   *
   * @param text - the whole script
   */
  take({ end, kind, start }: Token, text: string): void {
    if (kind === "space" || kind === "open" || kind === "close" || this.#phase === "plain") return;
    const lower = kind === "word" ? text.slice(start, end).toLowerCase() : text.slice(start, end);
    // What follows a point or an at sign is a name, whatever it is called.
    const isKeyword = kind === "word" && this.#previous !== "." && this.#previous !== "@";
    if (this.#isAfterAs) this.#endHead(kind);
    this.#step(isKeyword ? lower : "", kind === "symbol" ? lower : "", text, end);
    this.#beforePrevious = this.#previous;
    this.#previous = lower;
  }

  #step(word: string, symbol: string, text: string, end: number): void {
    if (symbol === "(") this.#parentheses += 1;
    else if (symbol === ")") this.#parentheses = Math.max(0, this.#parentheses - 1);
    if (this.#phase === "first") this.#first(word, isLabel(text, end));
    else if (this.#phase === "create") this.#create(word);
    else if (this.#phase === "definer") this.#definer(word, symbol);
    else if (this.#phase === "head") this.#head(word);
    else if (symbol === ";") this.#semicolon();
    else if (this.#phase === "start") this.#start(word, symbol, isLabel(text, end));
    else this.#inside(word, text, end);
  }

  #first(word: string, isLabelled: boolean): void {
    if (this.#previous === "begin") {
      if (word !== "not") this.#phase = "plain";
    } else if (this.#previous === "not") {
      this.#phase = word === "atomic" ? "start" : "plain";
      if (word === "atomic") this.#blocks.push("begin");
    } else if (word === "create" || word === "alter") this.#phase = "create";
    else if (word === "begin" && !isLabelled) return;
    else if (isLabelled) this.#phase = "start";
    else if (OPENS[word] === undefined) this.#phase = "plain";
    else this.#open(word);
  }

  #create(word: string): void {
    const made = MADE[word];
    if (made !== undefined) {
      this.#made = made;
      this.#phase = "head";
    } else if (word === "definer") this.#phase = "definer";
    else if (!["or", "replace", "aggregate"].includes(word)) this.#phase = "plain";
  }

  /** `= user`, `= user@host`, `= current_user()`: until a word that follows a whole name. */
  #definer(word: string, symbol: string): void {
    const wantsName = this.#previous === "=" || this.#previous === "@";
    if (wantsName || word === "" || symbol !== "" || this.#previous === "definer") return;
    this.#phase = "create";
    this.#create(word);
  }

  #head(word: string): void {
    if (!this.#isNamed) {
      // `create procedure if not exists begin () …`: whatever follows the clause is the name.
      const isClause = ["if", "not", "exists"].includes(word) && this.#previous !== "exists";
      this.#isNamed = !isClause && !(this.#made === "package" && word === "body");
      return;
    }
    if (word === "" || this.#parentheses > 0) return;
    if (this.#made === "trigger") {
      if (word === "row" && this.#previous === "each") this.#phase = "start";
    } else if (this.#made === "event") {
      if (word === "do") this.#phase = "start";
    } else if (word === "as" || word === "is") this.#isAfterAs = true;
    else if (this.#made === "routine") this.#headOfRoutine(word);
  }

  #headOfRoutine(word: string): void {
    const isType = ["returns", "return", "character", "char"].includes(this.#previous);
    if (word === "returns") this.#isTypeKnown = true;
    else if (isType && word === "set") return;
    // In Oracle's mode `return` has the type, elsewhere it is the body.
    else if (STATEMENTS.has(word) || (word === "return" && this.#isTypeKnown))
      this.#phase = "inside";
    else if (OPENS[word] !== undefined) this.#open(word);
  }

  /** Behind `as` comes the text of a routine in another language, or Oracle's declarations. */
  #endHead(kind: Token["kind"]): void {
    this.#isAfterAs = false;
    this.#expects = undefined;
    if (kind === "string") {
      this.#phase = "inside";
      return;
    }
    this.#blocks.push("declaring");
    this.#phase = "start";
  }

  #semicolon(): void {
    // No value has one: what looked like its `case` was something else.
    while (this.#top === "case-value") this.#blocks.pop();
    this.#expects = undefined;
    this.#parentheses = 0;
    this.#phase = "start";
  }

  #start(word: string, symbol: string, isLabelled: boolean): void {
    if (isLabelled || symbol === ":") return;
    if (this.#made === "trigger" && this.#blocks.length === 0) {
      // `follows other` and `precedes other` stand between the head and the body.
      if (word === "follows" || word === "precedes") return;
      if (this.#previous === "follows" || this.#previous === "precedes") return;
    }
    if (word === "end") {
      this.#blocks.pop();
      this.#phase = "inside";
    } else if (word === "begin" && this.#top === "declaring") {
      this.#blocks.splice(-1, 1, "begin");
    } else if (OPENS[word] !== undefined) this.#open(word);
    else if ((word === "procedure" || word === "function") && this.#top === "declaring") {
      this.#expects = "as";
      this.#phase = "inside";
    } else {
      const isNotAtomic =
        (word === "not" && this.#previous === "begin") ||
        (word === "atomic" && this.#beforePrevious === "begin");
      if (word !== "else" && !isNotAtomic) this.#phase = "inside";
    }
  }

  #inside(word: string, text: string, end: number): void {
    if (word === "" || (this.#parentheses > 0 && word !== "case" && word !== "end")) return;
    if (this.#expects === "statement") {
      if (OPENS[word] !== undefined) this.#open(word);
      else if (STATEMENTS.has(word) || word === "return") this.#expects = undefined;
    } else if (word === "case") {
      if (this.#previous !== "end") this.#blocks.push("case-value");
    } else if (word === "end") this.#end(text, end);
    else if (word === "then" || word === "else") {
      if (this.#top !== "case-value") this.#phase = "start";
    } else if ((word === "do" || word === "loop") && this.#top === "head") {
      this.#blocks.splice(-1, 1, "loop");
      this.#phase = "start";
    } else if (word === "for" && this.#previous === "handler") this.#expects = "statement";
    else if ((word === "as" || word === "is") && this.#expects === "as") this.#isAfterAs = true;
  }

  /** An `end` that does not begin a statement ends a value, or follows the condition of `until`. */
  #end(text: string, end: number): void {
    const isValue = this.#top === "case-value" && !WANTS_VALUE.has(this.#previous);
    const isRepeat = this.#top === "repeat" && /^\s+repeat\b/i.test(text.slice(end, end + 40));
    if (isValue || isRepeat) this.#blocks.pop();
  }

  #open(word: string): void {
    const block = OPENS[word] ?? "begin";
    this.#blocks.push(block);
    this.#expects = undefined;
    const hasCondition = block === "if" || block === "case" || block === "head";
    this.#phase = hasCondition ? "inside" : "start";
  }

  get #top(): Block | undefined {
    return this.#blocks.at(-1);
  }
}

/** Whether a label ends here: a colon follows, and no `:=`. */
function isLabel(text: string, end: number): boolean {
  return /^\s*:(?!=)/.test(text.slice(end, end + 40));
}
