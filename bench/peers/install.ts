import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { knexPeer } from "./knex.ts";
import { nodePgMigrate } from "./node-pg-migrate.ts";
import type { Peer } from "./peer.ts";
import { typeormPeer } from "./typeorm.ts";
import { umzugPeer } from "./umzug.ts";

const PEERS: readonly Peer[] = [nodePgMigrate, knexPeer, umzugPeer, typeormPeer];

const folder = fileURLToPath(new URL(".", import.meta.url));

/**
 * Installs the packages to compare with into a folder of their own, where they are not there yet.
 *
 * @returns the peers, or why there are none
 */
export function installPeers(): readonly Peer[] | { readonly unavailable: string } {
  if (isInstalled()) return PEERS;
  console.log("installing the packages to compare with (npm ci in bench/peers)");
  const options = ["--no-audit", "--no-fund", "--loglevel=error", "--ignore-scripts"];
  // Without a network it should say so at once, and not after minutes of trying.
  const patience = ["--fetch-retries=1", "--fetch-timeout=30000"];
  const result = spawnSync("npm", ["ci", ...options, ...patience], {
    cwd: folder,
    encoding: "utf8",
    env: { ...process.env, PATH: pathWithoutModules() },
    shell: process.platform === "win32",
  });
  if (isInstalled()) return PEERS;
  const reason = result.error?.message ?? result.stderr.trim().split("\n")[0] ?? "";
  return { unavailable: `npm ci failed in bench/peers: ${reason}` };
}

/** The `node` of this project's own packages is not the one that npm came with. */
function pathWithoutModules(): string {
  return (process.env["PATH"] ?? "")
    .split(delimiter)
    .filter((path) => !path.endsWith(join("node_modules", ".bin")))
    .join(delimiter);
}

function isInstalled(): boolean {
  const { dependencies } = read("package.json") as { dependencies: Record<string, string> };
  return Object.entries(dependencies).every(([name, version]) => {
    const file = join("node_modules", name, "package.json");
    return (
      existsSync(join(folder, file)) && (read(file) as { version: string }).version === version
    );
  });
}

function read(file: string): unknown {
  return JSON.parse(readFileSync(join(folder, file), "utf8"));
}
