import { createHash } from "node:crypto";
import type { DiffFailure, DiffGroup, DiffTenant, SchemaDifference } from "../core/drift.ts";

/** Puts tenants with the same differences together; of those without any it keeps only the number. */
export class DiffGroups {
  /** How many differ in nothing. */
  same = 0;
  readonly #failed: DiffFailure[] = [];
  readonly #groups = new Map<
    string,
    { readonly differences: readonly SchemaDifference[]; readonly tenants: DiffTenant[] }
  >();

  /** Adds a tenant that was read. */
  add(tenant: DiffTenant, differences: readonly SchemaDifference[]): void {
    if (differences.length === 0) {
      this.same += 1;
      return;
    }
    const key = createHash("sha256").update(JSON.stringify(differences)).digest("base64");
    const group = this.#groups.get(key);
    if (group === undefined) this.#groups.set(key, { differences, tenants: [tenant] });
    else group.tenants.push(tenant);
  }

  /** Adds one that could not be read. */
  fail(failure: DiffFailure): void {
    this.#failed.push(failure);
  }

  /** Those that could not be read, by slug. */
  failed(): readonly DiffFailure[] {
    return this.#failed.toSorted(bySlug);
  }

  /** The groups, the largest first, each by slug. */
  groups(): readonly DiffGroup[] {
    return [...this.#groups.values()]
      .map(({ differences, tenants }) => ({ differences, tenants: tenants.toSorted(bySlug) }))
      .toSorted(
        (a, b) => b.tenants.length - a.tenants.length || compareFirst(a.tenants, b.tenants),
      );
  }
}

function compareFirst([a]: readonly DiffTenant[], [b]: readonly DiffTenant[]): number {
  return a === undefined || b === undefined ? 0 : bySlug(a, b);
}

function bySlug(a: { readonly tenant: string }, b: { readonly tenant: string }): number {
  return a.tenant < b.tenant ? -1 : 1;
}
