import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { constants, tmpdir } from "node:os";
import { join } from "node:path";
import type { Shell } from "../core/driver.ts";
import { TenancyError } from "../errors/tenancy-error.ts";

/** Nobody but the owner may read it. */
const OWNER_ONLY = 0o600;

/**
 * Runs a program on this process's own terminal until it ends, and resolves with its exit code.
 *
 * @throws TenancyError `PROGRAM_NOT_FOUND`
 */
export async function startShell(shell: Shell): Promise<number> {
  const folder = shell.file && mkdtempSync(join(tmpdir(), "kirayedar-shell-"));
  const remove = (): void => {
    if (folder !== undefined) rmSync(folder, { force: true, recursive: true });
  };
  // The process may also end by a signal that nobody here hears of in time.
  process.once("exit", remove);
  try {
    return await runFirst(shell, [...fileArguments(shell, folder), ...shell.args]);
  } finally {
    process.off("exit", remove);
    remove();
  }
}

function fileArguments({ file }: Shell, folder: string | undefined): string[] {
  if (file === undefined || folder === undefined) return [];
  const path = join(folder, "options.cnf");
  writeFileSync(path, file.text, { flag: "wx", mode: OWNER_ONLY });
  return [file.toArgument(path)];
}

async function runFirst({ commands, env }: Shell, args: readonly string[]): Promise<number> {
  for (const command of commands) {
    const code = await run(command, args, env);
    if (code !== undefined) return code;
  }
  const names = commands.map((name) => `\`${name}\``).join(" nor ");
  const fact = commands.length > 1 ? `Neither ${names} was found.` : `${names} was not found.`;
  throw new TenancyError("PROGRAM_NOT_FOUND", fact);
}

/** @returns `undefined` if there is no such program */
function run(
  command: string,
  args: readonly string[],
  env: Shell["env"],
): Promise<number | undefined> {
  const child = spawn(command, args, { env: { ...process.env, ...env }, stdio: "inherit" });
  const stop = passSignals(child);
  return new Promise<number | undefined>((resolve, reject) => {
    child.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") resolve(undefined);
      else reject(error);
    });
    child.once("close", (code, signal) =>
      resolve(code ?? 128 + constants.signals[signal ?? "SIGTERM"]),
    );
  }).finally(stop);
}

/** A terminal sends Ctrl-C to the program too, for which it has a meaning of its own. */
function passSignals(child: ChildProcess): () => void {
  const ignore = (): void => undefined;
  const pass = (signal: NodeJS.Signals): void => void child.kill(signal);
  process.on("SIGINT", ignore).on("SIGTERM", pass).on("SIGHUP", pass);
  return () => void process.off("SIGINT", ignore).off("SIGTERM", pass).off("SIGHUP", pass);
}
