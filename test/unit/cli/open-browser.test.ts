import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { openBrowser } from "../../../src/cli/admin/open-browser.ts";

const LINK = "http://127.0.0.1:4600/login?token=secret-of-the-link";
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "kirayedar-open-"));
  vi.stubEnv("PATH", `${folder}${delimiter}${process.env["PATH"]}`);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

function writeProgram(script: string): void {
  for (const name of ["open", "xdg-open"]) {
    writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(folder, name), 0o755);
  }
}

it("opens a link that nobody reads in the list of processes, nor in a file of another's", async () => {
  const seen = join(folder, "seen");
  writeProgram(`echo "$@" > ${seen}.part; mv ${seen}.part ${seen}`);
  const failed = vi.fn<() => void>();
  openBrowser(LINK, failed);
  await expect.poll(() => existsSync(seen), { timeout: 5000 }).toBe(true);
  const file = readFileSync(seen, "utf8").trim();
  expect(file).not.toContain("secret");
  expect(readFileSync(file, "utf8")).toContain(`content="0;url=${LINK}"`);
  expect([file, dirname(file)].map((path) => statSync(path).mode & 0o077)).toEqual([0, 0]);
  expect(failed).not.toHaveBeenCalled();
  rmSync(dirname(file), { recursive: true });
});

it("says that nothing could", async () => {
  writeProgram("exit 3");
  const failed = vi.fn<() => void>();
  openBrowser(LINK, failed);
  await expect.poll(() => failed.mock.calls.length, { timeout: 5000 }).toBe(1);
});
