import type { QualifiedNames, UnqualifiedText } from "./qualified-names.ts";

/** One statement of a script. */
export interface ScriptStatement {
  /** Its text, without the semicolon and the space around it. */
  readonly text: string;
  /** Where it starts in the script, in UTF-16 units from 0. */
  readonly start: number;
  /** Line it starts on, from 1. */
  readonly line: number;
}

/** What is known of the text of scripts, such as migrations. */
export interface ScriptSql {
  /** Splits a script into its statements, as the server's own lexer sees them. */
  split(script: string): ScriptStatement[];
  /**
   * Says why a statement must not be in a migration: that it would end the transaction that is not
   * its own, or leave the schema that it is for. Reads on after "The migration …"; `undefined` when
   * it may be there.
   */
  refusal(statement: string): string | undefined;
  /**
   * Whether a statement, as far as its text tells, commits by itself what was done before it, and then
   * cannot be rolled back either. Always false where DDL is transactional.
   */
  commits(statement: string): boolean;
  /**
   * Whether a statement changes nothing but its session, so that a script that is taken up later
   * has to run it again.
   */
  isForSession(statement: string): boolean;
  /**
   * Whether a statement, as far as its text tells, only defines tables and the like: it sets nothing, and
   * leaves nothing in its session.
   */
  isDefinition(statement: string): boolean;
  /**
   * Whether a statement sets something until the end of its transaction, so that it would hold for the
   * next migration too if both were one.
   */
  setsTransaction(statement: string): boolean;
  /**
   * Whether a statement runs others, as a call of a procedure does, so that a part of it may be done
   * and committed when it fails. Always false where DDL is transactional.
   */
  runsOthers(statement: string): boolean;
  /**
   * What a statement reads that the one before it has left in the session: the number of its rows, which
   * is another one's where progress is recorded in between, or the id that it gave, which is gone in
   * another session. Always `undefined` where DDL is transactional.
   */
  readsPrevious(statement: string): "count" | "id" | undefined;
  /**
   * Takes the schema off names that are qualified with it, so that they are the scope's own: not in
   * comments, nor in strings that are no names.
   */
  unqualify(script: string, names: QualifiedNames): UnqualifiedText;
}
