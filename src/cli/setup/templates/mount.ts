import type { Import } from "../insert-code.ts";
import type { TemplateContext } from "./context.ts";

/** How the tenancy is put into one framework's applications. */
export interface Mount {
  /** What the line needs from the toolkit. */
  readonly imports: readonly Import[];
  /**
   * Puts the line into a file, without the imports; `undefined` where it cannot be told for sure where
   * it belongs.
   */
  insert(text: string, context: TemplateContext): string | undefined;
  /** The lines for a person to put in, without the imports. */
  byHand(): string;
  /** Where a person has to put them. */
  readonly where: string;
}
