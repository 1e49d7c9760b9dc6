import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** What opens a file on each system. */
const PROGRAMS: Readonly<Record<string, readonly [string, ...string[]]>> = {
  darwin: ["open"],
  win32: ["rundll32", "url.dll,FileProtocolHandler"],
};

/**
 * Opens an address that nobody else may know in the person's browser. Everybody on the machine can read
 * what programs are started with: it goes through a file that is the person's own, until the process ends.
 *
 * @param onFailure - called when there is nothing that could
 */
export function openBrowser(url: string, onFailure: () => void): void {
  const [program, ...args] = PROGRAMS[process.platform] ?? ["xdg-open"];
  const child = spawn(program, [...args, writePage(url)], { detached: true, stdio: "ignore" });
  child.on("error", onFailure);
  child.on("exit", (code) => {
    if (code !== 0) onFailure();
  });
  child.unref();
}

/** Writes a page that leads on. */
function writePage(url: string): string {
  const folder = mkdtempSync(join(tmpdir(), "kirayedar-admin-"));
  process.once("exit", () => rmSync(folder, { force: true, recursive: true }));
  const file = join(folder, "sign-in.html");
  const text = `<!doctype html>
<meta charset="utf-8">
<meta name="referrer" content="no-referrer">
<meta http-equiv="refresh" content="0;url=${url}">
<a href="${url}">Go on</a>
`;
  writeFileSync(file, text, { mode: 0o600 });
  return file;
}
