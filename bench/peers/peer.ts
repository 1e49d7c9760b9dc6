import type { FleetMigration } from "../fleet-tables.ts";

/** Another way to migrate many schemas: a package, used as its own documentation says. */
export interface Peer {
  /** Name of the package. */
  readonly name: string;
  /** End of the names of its figures. */
  readonly figure: string;
  /** Whether it opens a connection, or a pool, for every tenant. */
  readonly connectsPerTenant: boolean;
  /** Makes what a project would have on its disk: not a part of what is measured. */
  readonly prepare: (migrations: readonly FleetMigration[]) => Promise<PreparedPeer>;
}

/** A peer with its migrations. */
export interface PreparedPeer {
  /** Applies what is pending to each schema, one after the other. */
  migrate(url: string, schemas: readonly string[], options?: PeerOptions): Promise<void>;
  /** Removes what was made for it. */
  close(): Promise<void>;
}

/** How a peer goes about it. */
export interface PeerOptions {
  /** Whether the schemas are to be made first. Default `false`. */
  readonly create?: boolean;
}

/** Returns a migration's version as milliseconds, which some peers demand. */
export function timestampOf({ version }: FleetMigration): number {
  return Date.UTC(2_026, 0) + Number(version.slice(-6));
}

/** Loads a peer's package, whose types are not there before it is installed. */
export async function loadPeer<Module>(name: string): Promise<Module> {
  return (await import(name)) as Module;
}
