import { TenancyError } from "../errors/tenancy-error.ts";
import { compareVersions, type KnownMigration } from "./discover.ts";

/**
 * Refuses to contract before what is older has expanded. Both phases at once go by version, so that
 * this is about the second one alone.
 *
 * @param chosen - what contracts, by version
 * @param pending - everything that is pending, of both phases
 * @throws TenancyError `MIGRATION_OUT_OF_ORDER`
 */
export function checkExpanded(
  chosen: readonly KnownMigration[],
  pending: readonly KnownMigration[],
): void {
  const last = chosen.at(-1);
  if (last === undefined) return;
  const older = pending.filter(
    ({ phase, version }) => phase === "expand" && compareVersions(version, last.version) < 0,
  );
  if (older.length === 0) return;
  const files = older.map(({ file }) => file).join(", ");
  throw new TenancyError(
    "MIGRATION_OUT_OF_ORDER",
    `The migration ${last.file} contracts, and what expands before it is still pending: ${files}.`,
    { remedy: "Apply that first, with `migrate --phase expand`." },
  );
}

/**
 * Returns the newest of the applied versions that should have waited for a pending migration, or
 * `null`. What contracts waits for a deployment, and what expands does not wait for it: so it is late
 * only behind another one that contracts.
 *
 * @param applied - the versions that are applied
 */
export function overtakenBy(
  { phase, version }: KnownMigration,
  known: readonly KnownMigration[],
  applied: Iterable<string>,
): string | null {
  const contracting = new Set(
    known.filter((other) => other.phase === "contract").map((other) => other.version),
  );
  const newer = [...applied].filter((other) => compareVersions(other, version) > 0);
  const rivals = phase === "expand" ? newer : newer.filter((other) => contracting.has(other));
  return rivals.toSorted(compareVersions).at(-1) ?? null;
}
