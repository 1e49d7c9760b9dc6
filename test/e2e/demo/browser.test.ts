import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type Browser, chromium } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../support/database.ts";

const main = fileURLToPath(new URL("../../../examples/demo/main.ts", import.meta.url));
const executablePath = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
].find((path) => existsSync(path));
// What a browser starts by itself would ask hosts that a closed network does not have.
const args = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Resolves with what a process printed, once it has printed `text`. */
function printedUntil(child: ChildProcess, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let printed = "";
    child.once("exit", () => reject(new Error(`The demo ended: ${printed}`)));
    child.stdout?.on("data", (chunk: Buffer) => {
      printed += chunk.toString();
      if (printed.includes(text)) resolve(printed);
    });
  });
}

// A browser is not brought along: where none is installed, the pages are tested over HTTP alone.
describe.skipIf(executablePath === undefined)("the demo in a browser", () => {
  let database: TestDatabase;
  let demo: ChildProcess;
  let browser: Browser | undefined;
  let port = "";

  beforeAll(async () => {
    database = await createTestDatabase();
    demo = spawn(process.execPath, [main], {
      env: { ...process.env, DATABASE_URL: database.url, PORT: "0" },
    });
    const printed = await printedUntil(demo, "Ctrl-C");
    port = /http:\/\/localhost:(\d+)\//.exec(printed)?.[1] ?? "";
    browser = await chromium.launch({ args, executablePath: executablePath ?? "" });
  });
  afterAll(async () => {
    await browser?.close();
    demo.kill("SIGINT");
    await once(demo, "exit");
    await database.drop();
  });

  it("adds a note that another tenant's page does not show", async () => {
    const page = await browser!.newPage();
    await page.goto(`http://acme.localhost:${port}/`);
    await page.getByLabel("A new note").fill("written in a browser");
    await page.getByRole("button", { name: "Add" }).click();
    await page.getByText("written in a browser").waitFor();
    await page.goto(`http://globex.localhost:${port}/`);
    expect(await page.getByText("written in a browser").count()).toBe(0);
    await page.close();
  });

  it("makes, suspends and drops a tenant", async () => {
    const page = await browser!.newPage();
    await page.goto(`http://admin.localhost:${port}/`);
    await page.getByLabel("Slug").fill("umbrella");
    await page.getByLabel("Name").fill("Umbrella Inc.");
    await page.getByRole("button", { name: "Create" }).click();
    await page.getByRole("button", { name: "suspend umbrella" }).click();
    await page.getByRole("button", { name: "resume umbrella" }).waitFor();
    const visit = await browser!.newPage();
    expect((await visit.goto(`http://umbrella.localhost:${port}/`))?.status()).toBe(403);
    await visit.close();
    const row = page.getByRole("listitem").filter({ hasText: "Umbrella Inc." });
    await row.getByText("Drop…").click();
    await row.getByLabel(/to delete all its data/).fill("umbrella");
    await row.getByRole("button", { name: "Drop umbrella" }).click();
    await page.getByText("3 schemas in one database").waitFor();
    await page.close();
  });

  it.each([1280, 390])("has no page wider than a window of %i pixels", async (width) => {
    const page = await browser!.newPage({ viewport: { height: 800, width } });
    for (const host of ["", "acme.", "admin.", "nobody."]) {
      await page.goto(`http://${host}localhost:${port}/`);
      const wide = await page.evaluate("document.documentElement.scrollWidth > innerWidth");
      expect([host, wide]).toEqual([host, false]);
    }
    await page.close();
  });
});
