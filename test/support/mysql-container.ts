import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import type { MysqlIngredients, PreparedMysql } from "./mysql-sources.ts";
import { findProgram } from "./unprivileged.ts";

const DEFAULT_IMAGE = "mariadb:10.11";

/** Finds the program that runs containers, if an engine answers it. */
export function findDocker(): string | undefined {
  const docker = findProgram("docker");
  if (docker === undefined) return undefined;
  const { status } = spawnSync(docker, ["info"], { stdio: "ignore", timeout: 5_000 });
  return status === 0 ? docker : undefined;
}

/**
 * Returns how to run a server in a container, of the image that KIRAYEDAR_TEST_MYSQL_IMAGE names
 * or else MariaDB's.
 */
export function describeContainer(
  docker: string,
  { options, password, port }: Omit<MysqlIngredients, "folder">,
): PreparedMysql {
  const name = `kirayedar-mysql-${randomBytes(6).toString("hex")}`;
  return {
    command: docker,
    args: [
      "run",
      "--rm",
      `--name=${name}`,
      `--publish=127.0.0.1:${port}:3306`,
      "--tmpfs=/var/lib/mysql",
      // Its value is taken from the environment, where other users of the machine cannot read it.
      "--env=MYSQL_ROOT_PASSWORD",
      process.env["KIRAYEDAR_TEST_MYSQL_IMAGE"] || DEFAULT_IMAGE,
      ...options,
    ],
    env: { MYSQL_ROOT_PASSWORD: password },
    // The container outlives the program that started it.
    stopCommand: [docker, "rm", "--force", "--volumes", name],
    admin: "root",
  };
}
