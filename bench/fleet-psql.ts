import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findProgram } from "../test/support/unprivileged.ts";

/** The server's own program, which runs a file as people do: one statement after the other. */
export interface Psql {
  /**
   * Runs a script.
   *
   * @param url - the database's address
   * @param options - more of the program's own, such as `--single-transaction`
   * @throws when the program is stopped by an error
   */
  run(url: string, script: string, options?: readonly string[]): Promise<void>;
  /** Removes its file. */
  close(): void;
}

/** Finds `psql`; `undefined` where it is not installed. */
export function findPsql(): Psql | undefined {
  const program = findProgram("psql");
  if (program === undefined) return undefined;
  const folder = mkdtempSync(join(tmpdir(), "kirayedar-bench-"));
  const file = join(folder, "script.sql");
  return {
    close: () => rmSync(folder, { force: true, recursive: true }),
    run: async (url, script, options = []) => {
      writeFileSync(file, script);
      const { hostname, password, pathname, port, username } = new URL(url);
      const where = ["-h", hostname, "-p", port || "5432", "-U", username, "-d", pathname.slice(1)];
      const how = ["-X", "-q", "-v", "ON_ERROR_STOP=1", ...options];
      const child = spawn(program, [...how, ...where, "-f", file], {
        env: { ...process.env, PGPASSWORD: decodeURIComponent(password) },
        stdio: ["ignore", "ignore", "inherit"],
      });
      const code = await new Promise<number | null>((resolve, reject) => {
        child.once("error", reject);
        child.once("close", resolve);
      });
      if (code !== 0) throw new Error(`psql ended with ${code}.`);
    },
  };
}
