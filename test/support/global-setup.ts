import type { TestProject } from "vitest/node";
import { lendBrowser } from "./lent-browser.ts";
import { type RunningMysql, startMysql } from "./mysql-server.ts";
import { startPostgres, type RunningPostgres } from "./postgres-server.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** The server that this test run uses. */
    postgres: Omit<RunningPostgres, "stop">;
    /** The MySQL or MariaDB server, if there can be one here. */
    mysql: Omit<RunningMysql, "stop"> | undefined;
    /** Where test files ask for the browser and the built pages. */
    browserLender: string;
  }
}

/** Starts the servers for all test files, both at the same time, and ends them after the tests. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const started = await Promise.allSettled([startRequiredMysql(), startPostgres(), lendBrowser()]);
  const running = started.flatMap((one) => (one.status === "fulfilled" && one.value) || []);
  const stop = async (): Promise<void> => {
    await Promise.all(running.map((server) => server.stop()));
  };
  const [mysql, postgres, lender] = started;
  const refused = started.find((one) => one.status === "rejected");
  if (
    mysql.status === "rejected" ||
    postgres.status === "rejected" ||
    lender.status === "rejected"
  ) {
    await stop();
    throw refused?.reason;
  }
  project.provide("postgres", withoutStop(postgres.value));
  project.provide("mysql", mysql.value && withoutStop(mysql.value));
  project.provide("browserLender", lender.value.url);
  return stop;
}

/** @returns `undefined`, after saying why, where there is no server and none is demanded */
async function startRequiredMysql(): Promise<RunningMysql | undefined> {
  const server = await startMysql();
  if (!("unavailable" in server)) return server;
  // Where everything has to run, a missing server is a failure.
  if (process.env["CI"] === "true") throw new Error(server.unavailable);
  console.warn(server.unavailable);
  return undefined;
}

function withoutStop<Server extends { stop: unknown }>(server: Server): Omit<Server, "stop"> {
  const { stop: _, ...rest } = server;
  return rest;
}
