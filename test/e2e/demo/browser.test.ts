import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type Browser, chromium } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../support/database.ts";
import { installDebianPackage } from "../../support/debian-package.ts";

const main = fileURLToPath(new URL("../../../examples/demo/main.ts", import.meta.url));
const executablePath = await findBrowser();
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

/** Finds a browser; installs one only where nobody works, as it is large. */
async function findBrowser(): Promise<string | undefined> {
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

// Where there is no browser, the pages are tested over HTTP alone.
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

  it("shows two tenants beside each other, and a note in its own window alone", async () => {
    const page = await browser!.newPage();
    await page.goto(`http://localhost:${port}/`);
    const [acme, globex] = ["Acme Anvils", "Globex"].map((name) =>
      page.frameLocator(`iframe[title="The site of ${name}"]`),
    );
    await acme!.getByLabel("A new note").fill("<script>alert('only mine')</script>");
    await acme!.getByLabel("A new note").press("Enter");
    await acme!.getByText("only mine").waitFor();
    // The next note can be written at once.
    await expect.poll(() => acme!.locator(":focus").evaluate((element) => element.id)).toBe("body");
    await page.reload();
    await globex!.getByText("Water the hammocks").waitFor();
    expect(await acme!.getByText("only mine").count()).toBe(1);
    expect(await globex!.getByText("only mine").count()).toBe(0);
    await page.close();
  });

  it("lets no site but the first page show a tenant's in a frame", async () => {
    const page = await browser!.newPage();
    const policyOf = async (host: string): Promise<string | undefined> =>
      (await page.goto(`http://${host}localhost:${port}/`))?.headers()["content-security-policy"];
    expect(await policyOf("acme.")).toMatch(`; frame-ancestors http://localhost:${port}`);
    for (const host of ["", "admin."]) {
      expect(await policyOf(host)).toContain("; frame-ancestors 'none'");
    }
    await page.close();
  });

  it("makes a tenant of an address that nobody has, whatever its name", async () => {
    const page = await browser!.newPage();
    await page.goto(`http://quotes.localhost:${port}/`);
    await page.getByRole("link", { name: "Create it" }).click();
    await page.getByLabel("Name").fill(`"Quotes" & <b>Co</b>'s`);
    await page.getByRole("button", { name: "Create" }).click();
    await page.getByRole("status").getByRole("link", { name: "quotes.localhost" }).click();
    await page.getByRole("heading", { level: 1, name: `"Quotes" & <b>Co</b>'s` }).waitFor();
    expect(await page.getByText("The first note is yours").count()).toBe(1);
    await page.goto(`http://admin.localhost:${port}/`);
    await page.getByRole("button", { name: "Drop… quotes" }).click();
    await page.keyboard.type("quotes");
    await page.keyboard.press("Enter");
    await page.getByRole("status").getByText("Dropped: “quotes”").waitFor();
    await page.close();
  });

  it("keeps what was typed when it is refused, and says why", async () => {
    const page = await browser!.newPage();
    await page.goto(`http://admin.localhost:${port}/`);
    await page.getByLabel("Slug").fill("acme");
    await page.getByLabel("Name").fill("Another");
    await page.getByRole("button", { name: "Create" }).click();
    await page.getByRole("alert").waitFor();
    expect(await page.getByLabel("Slug").inputValue()).toBe("acme");
    expect(await page.getByLabel("Name").inputValue()).toBe("Another");
    expect(await page.locator(":focus").getAttribute("aria-invalid")).toBe("true");
    expect(await page.title()).toMatch(/^Not done/);
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
    await page.getByText("3 schemas, one for each tenant").waitFor();
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
