import type { Row } from "./row.ts";

/**
 * Returns how much a row's figures have grown since the fleet was smallest.
 *
 * `growthToRegistryRead` is what each further tenant adds to a run with nothing to do, divided by what
 * it adds to reading the registry; `growthMb` is what further tenants add to the process's memory, and
 * `growthLiveMb` to what it has in use.
 */
export function growthOf(first: Row, row: Row): Row["figures"] {
  if (first === row) return {};
  const added = (figure: string): number | undefined => {
    const [before, now] = [first.figures[figure], row.figures[figure]];
    return before === undefined || now === undefined ? undefined : now - before;
  };
  const [ms, msRegistryRead] = [added("ms"), added("msRegistryRead")];
  const [growthMb, growthLiveMb] = [added("peakMb"), added("liveMb")];
  return {
    ...(ms !== undefined &&
      msRegistryRead !== undefined && { growthToRegistryRead: ms / msRegistryRead }),
    ...(growthMb !== undefined && { growthMb }),
    ...(growthLiveMb !== undefined && { growthLiveMb }),
  };
}
