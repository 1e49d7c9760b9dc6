import { existsSync, readdirSync, statSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { installDebianPackage } from "./debian-package.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const ui = join(root, "src/admin/ui");

/** What test files share: to start a browser, and to build the console's pages, costs seconds each time. */
export interface LentBrowser {
  /** `GET browser` answers with the address of a browser to connect to, `GET pages` with a folder. */
  readonly url: string;
  stop(): Promise<void>;
}

/** Lends a browser and the built pages to all test files. Nothing is started before it is asked for. */
export async function lendBrowser(): Promise<LentBrowser> {
  const stops: (() => Promise<void>)[] = [];
  const browser = once(() => startBrowser(stops));
  let pages: { readonly changedAt: number; readonly folder: Promise<string> } | undefined;
  const givers: Readonly<Record<string, () => Promise<string>>> = {
    "/browser": browser,
    "/pages": async () => {
      const changedAt = newestChange();
      // Where tests are run again at each change, the pages may have changed, too.
      if (pages?.changedAt !== changedAt) pages = { changedAt, folder: buildPages(stops) };
      return await pages.folder;
    },
  };
  const server = createServer((request, response) => {
    const give = givers[request.url ?? ""];
    if (give === undefined) return void response.writeHead(404).end();
    give().then(
      (given) => response.end(given),
      (error: unknown) => response.writeHead(500).end(String(error)),
    );
  });
  server.unref();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await Promise.all(stops.map((stop) => stop()));
    },
    url: `http://127.0.0.1:${port}`,
  };
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => (made ??= make());
}

/** A browser that asks nobody for anything by itself. */
async function startBrowser(stops: (() => Promise<void>)[]): Promise<string> {
  const { chromium } = await import("playwright-core");
  const server = await chromium.launchServer({
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
    executablePath: (await findBrowser()) ?? "",
    host: "127.0.0.1",
  });
  stops.push(() => server.close());
  return server.wsEndpoint();
}

/** Builds the pages as they are now, whatever is in `dist/`. */
async function buildPages(stops: (() => Promise<void>)[]): Promise<string> {
  const outDir = await mkdtemp(join(tmpdir(), "kirayedar-pages-"));
  stops.push(() => rm(outDir, { force: true, recursive: true }));
  const { build } = await import("vite");
  await build({
    build: { emptyOutDir: true, outDir },
    configFile: join(ui, "vite.config.ts"),
    logLevel: "warn",
  });
  return outDir;
}

function newestChange(): number {
  const files = readdirSync(ui, { recursive: true, withFileTypes: true });
  return Math.max(
    ...files.map((file) => statSync(join(file.parentPath, file.name)).mtimeMs),
    statSync(join(root, "src/admin/contract.ts")).mtimeMs,
  );
}

/** Finds a browser; installs one only where nobody works, as it is large. */
export async function findBrowser(): Promise<string | undefined> {
  const find = (): string | undefined =>
    [
      "/usr/bin/chromium",
      "/usr/bin/chromium-browser",
      "/usr/bin/google-chrome",
      "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    ].find((path) => existsSync(path));
  if (find() === undefined && process.env["CI"] === "true") {
    await installDebianPackage("chromium", () => find() !== undefined);
  }
  return find();
}
