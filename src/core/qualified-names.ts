/** Names that a tool has qualified with the one schema that it knew of. */
export interface QualifiedNames {
  /** That schema, such as `"public"`. */
  readonly schema: string;
  /** Names in it that are meant as they are, such as `"citext"`: those of extensions, or of global tables. */
  readonly keep: readonly string[];
}

/** Something that no tenant's schema can be put in place of. */
export interface QualifiedProblem {
  /** Line it is on, from 1. */
  readonly line: number;
  /** What it is; reads on after "The migration …". */
  readonly what: string;
}

/** A text whose names belong to the scope that it runs in. */
export interface UnqualifiedText {
  /** The text, on the lines where it was. */
  readonly text: string;
  /** What is not rewritten, and would reach another schema than the tenant's. */
  readonly problems: readonly QualifiedProblem[];
}
