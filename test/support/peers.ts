import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { describe, inject } from "vitest";
import { load as loadOldest } from "../peers/oldest/load.ts";

/** Which versions of the optional peers a suite runs on. */
export type PeerSet = "newest" | "oldest";

/** Both ends of what is supported. */
export const PEER_SETS: readonly PeerSet[] = ["newest", "oldest"];

/** Imports peers of one set. */
export interface Peers {
  readonly set: PeerSet;
  /**
   * Imports a module of a package in this set's version. Its types are those of the newest.
   *
   * @example const { Kysely } = await peers.load<typeof kyselyModule>("kysely");
   */
  load<Module>(specifier: string): Promise<Module>;
  /** Version of a package in this set. */
  version(packageName: string): string;
}

const OLDEST = new URL("../peers/oldest/package.json", import.meta.url);
const NEWEST = new URL("../../package.json", import.meta.url);

/** Returns the peers of one set. */
export function peersOf(set: PeerSet): Peers {
  return {
    load: async <Module>(specifier: string) =>
      (await (set === "oldest"
        ? loadOldest(specifier)
        : import(/* @vite-ignore */ specifier))) as Module,
    set,
    version: (packageName) => versionOf(set, packageName),
  };
}

/** Describes the same behaviour with the newest and with the oldest supported version of a package. */
export function describePeers(
  name: string,
  packageName: string,
  fn: (peers: Peers) => void,
  sets: readonly PeerSet[] = PEER_SETS,
): void {
  for (const set of sets) {
    const peers = peersOf(set);
    describe(`${name}, ${packageName} ${peers.version(packageName)}`, () => {
      fn(peers);
    });
  }
}

/** As {@link describePeers}, where there is a MySQL or MariaDB server; skipped where there is none. */
export function describeMysqlPeers(
  name: string,
  packageName: string,
  fn: (peers: Peers) => void,
  sets: readonly PeerSet[] = PEER_SETS,
): void {
  describe.skipIf(inject("mysql") === undefined)("on MySQL or MariaDB", () => {
    describePeers(name, packageName, fn, sets);
  });
}

function versionOf(set: PeerSet, packageName: string): string {
  const from = set === "oldest" ? OLDEST : NEWEST;
  const paths = createRequire(from).resolve.paths(packageName) ?? [];
  for (const folder of paths) {
    try {
      const manifest = readFileSync(`${folder}/${packageName}/package.json`, "utf8");
      return (JSON.parse(manifest) as { version: string }).version;
    } catch {
      // The folder above may have it.
    }
  }
  throw new Error(`${packageName} is not installed; run \`node scripts/setup.mjs --peers\`.`);
}
