import { TenancyError } from "../../errors/tenancy-error.ts";
import { compareVersions } from "../discover.ts";

/**
 * Refuses names whose versions are in another order than they are themselves, as the tool applies them
 * by name.
 *
 * @param found - by name
 * @throws TenancyError `MIGRATION_INVALID`
 */
export function checkOrder(
  found: readonly { readonly name: string; readonly version: string }[],
): void {
  for (const [index, { name, version }] of found.entries()) {
    const before = found[index - 1];
    if (before === undefined || compareVersions(before.version, version) <= 0) continue;
    throw new TenancyError(
      "MIGRATION_INVALID",
      `The migration ${before.name} comes before ${name} by its name, and behind it by its number.`,
      { remedy: "Give all of them numbers of the same length." },
    );
  }
}
