import type { Wire } from "./client-library.ts";

/** Gives a connection back with nothing left in its session, or closes it. */
export async function giveBack(wire: Wire): Promise<void> {
  // It fails when the connection is lost, and has then been heard of, or is not needed any more.
  const isClean = await wire.reset().then(
    () => true,
    () => false,
  );
  wire.release(!isClean);
}
