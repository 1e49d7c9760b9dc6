import { TenancyError } from "../../errors/tenancy-error.ts";
import type { StatementInfo } from "../mysql/statement-info.ts";
import type { Spoken } from "./answer.ts";
import type { Holding } from "./holding.ts";

/** One statement of the application, from the call to the answer. */
export class Run implements Spoken {
  /** Whose answer comes next: that of what enters the scope, of the connection's settings, or its own. */
  phase: "entering" | "setting" | "running" = "running";
  /** What is known of its text. */
  info: StatementInfo;
  /** Its text, as far as it is known. */
  text: string;
  /** Whether the server was told to accept one statement only. */
  isAlone = false;
  #holding: Holding | undefined;
  readonly #hasHiddenText: boolean;
  readonly #unheard: (error: Error) => void;

  /**
   * @param hasHiddenText - whether its values may bring SQL of their own
   * @param unheard - called with an error that nobody listens to
   */
  constructor(
    text: string,
    info: StatementInfo,
    hasHiddenText: boolean,
    unheard: (error: Error) => void,
  ) {
    this.text = text;
    this.info = info;
    this.#hasHiddenText = hasHiddenText;
    this.#unheard = unheard;
  }

  /** What it runs on. */
  get holding(): Holding {
    if (this.#holding === undefined) throw new Error("A statement was sent before its time.");
    return this.#holding;
  }

  /** Says what it runs on. */
  attach(holding: Holding): void {
    this.#holding = holding;
  }

  /** Takes the text as it will be sent, with all values in it. */
  seal(text: string): { readonly text: string; readonly refusal: Error | undefined } {
    this.text = text;
    if (!this.#hasHiddenText) return { refusal: undefined, text };
    this.info = this.holding.owner.infos.look(text);
    return { refusal: this.holding.refusalOf(this.info), text };
  }

  explain(error: Error): Error {
    return this.#holding?.explain(this, error) ?? error;
  }

  atEnd(): Error | undefined {
    return this.#holding?.leftOpen();
  }

  unheard(error: Error): void {
    this.#unheard(error);
  }
}

/** Whether values may bring SQL of their own, which the text without them does not show. */
export function mayHoldSql(values: unknown): boolean {
  if (values === null || typeof values !== "object") return typeof values === "function";
  const parts: readonly unknown[] = Array.isArray(values) ? values : Object.values(values);
  return parts.some((part) => {
    if (part === null || typeof part !== "object") return typeof part === "function";
    return !(part instanceof Date || part instanceof Uint8Array);
  });
}

/** What is thrown for a query without a text. */
export function noText(): TenancyError {
  return new TenancyError("INVALID_QUERY", "A query has no text.");
}
