import { installDebianPackage } from "./debian-package.ts";
import type { KeeperOrder, ProcessUser } from "./keep-process.ts";
import { describeContainer, findDocker } from "./mysql-container.ts";
import { findInstalledMysql, type MysqlPrograms, preparePrograms } from "./mysql-programs.ts";
import { serverUser } from "./unprivileged.ts";

/** Where a server may come from, in the order in which they are tried; or that there is to be none. */
export const MYSQL_SOURCES = ["env", "installed", "debian", "container", "none"] as const;

export type MysqlSource = (typeof MYSQL_SOURCES)[number];

/** What a new server is made of. */
export interface MysqlIngredients {
  /** Empty, and the server's own. */
  readonly folder: string;
  readonly port: number;
  /** The administrator's, to be. Letters and digits. */
  readonly password: string;
  /** Arguments that hold the settings, for all that is run. */
  readonly options: readonly string[];
}

/** A server that is ready to be run. */
export interface PreparedMysql extends Pick<
  KeeperOrder,
  "command" | "args" | "env" | "stopCommand"
> {
  /** Name of the administrator. */
  readonly admin: string;
  readonly socketDir?: string;
}

/** A server that can be started here. */
export interface NewMysql {
  readonly source: MysqlSource;
  /** Who is to run it, when it must not be the user of this process. */
  readonly user: ProcessUser | undefined;
  readonly prepare: (given: MysqlIngredients) => Promise<PreparedMysql>;
}

/** A place to take a new server from. Finds one, or says in a clause why there is none. */
export type MysqlPlace = readonly [
  source: MysqlSource,
  find: () => Promise<Omit<NewMysql, "source"> | { readonly missing: string }>,
];

const PLACES: readonly MysqlPlace[] = [
  ["installed", async () => usePrograms() ?? { missing: "no MariaDB or MySQL is installed" }],
  ["debian", installMariadb],
  ["container", useContainer],
];

/**
 * Looks in one place after the other for a server that can be started, which may install one.
 *
 * @param wanted - the only place to look; `env` and `none` are no such places
 */
export async function findNewMysql(
  wanted: MysqlSource | undefined,
  places: readonly MysqlPlace[] = PLACES,
): Promise<NewMysql | { unavailable: string }> {
  const reasons: string[] = [];
  for (const [source, find] of places) {
    if (wanted !== undefined && wanted !== source) continue;
    const found = await find();
    if (!("missing" in found)) return { source, ...found };
    reasons.push(found.missing);
  }
  if (reasons.length === 0) reasons.push(`it is to be taken from "${wanted}"`);
  return {
    unavailable:
      `The MySQL suite cannot run here: ${new Intl.ListFormat("en-GB").format(reasons)}. ` +
      "Install MariaDB or MySQL, start Docker, or set KIRAYEDAR_TEST_MYSQL_URL to an " +
      "administrator's address, such as mysql://root:secret@127.0.0.1:3306.",
  };
}

function usePrograms(): Omit<NewMysql, "source"> | undefined {
  const user = serverUser("mysql");
  const programs: MysqlPrograms | undefined = findInstalledMysql(user);
  return programs && { user, prepare: (given) => preparePrograms(programs, { ...given, user }) };
}

async function installMariadb(): Promise<Omit<NewMysql, "source"> | { missing: string }> {
  const failure = await installDebianPackage("mariadb-server", () => usePrograms() !== undefined);
  return usePrograms() ?? { missing: failure ?? "apt-get left none" };
}

async function useContainer(): Promise<Omit<NewMysql, "source"> | { missing: string }> {
  const docker = findDocker();
  if (docker === undefined) return { missing: "no Docker engine answers" };
  return { user: undefined, prepare: async (given) => describeContainer(docker, given) };
}
