/** A tenant that failed, as an operation or the record of a run tells of it. */
export interface Failure {
  readonly slug: string;
  readonly code: string | null;
  readonly message: string | null;
}

/** Tenants that failed in the same way. */
export interface FailureGroup {
  /** Code of their error. */
  readonly code: string | null;
  /** Message of the first one's. */
  readonly message: string | null;
  /** Their slugs, in the order in which they came. */
  readonly slugs: readonly string[];
}

/**
 * Puts together tenants whose errors differ in nothing but the tenant's own name, the largest group
 * first: a hundred tenants that lack the same column are one thing to mend.
 */
export function groupFailures(failures: readonly Failure[]): FailureGroup[] {
  const groups = new Map<string, { first: Failure; slugs: string[] }>();
  for (const failure of failures) {
    const key = JSON.stringify([failure.code, withoutName(failure)]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { first: failure, slugs: [failure.slug] });
    else if (!group.slugs.includes(failure.slug)) group.slugs.push(failure.slug);
  }
  return [...groups.values()]
    .map(({ first, slugs }) => ({ code: first.code, message: first.message, slugs }))
    .toSorted((a, b) => b.slugs.length - a.slugs.length);
}

/** A schema's name has `_` where the slug has `-`. */
function withoutName({ message, slug }: Failure): string | null {
  if (message === null) return null;
  return message.replaceAll(slug, "\0").replaceAll(slug.replaceAll("-", "_"), "\0");
}
