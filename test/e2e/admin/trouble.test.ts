import { setTimeout as wait } from "node:timers/promises";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  browserPath,
  openPage,
  startBrowser,
  startConsole,
  type TestConsole,
  widthBeyondWindow,
} from "./support.ts";

const NAME = "شركة العالم للتجارة والاستيراد والتصدير الدولية المحدودة";

describe.skipIf(browserPath === undefined)("the console in trouble", () => {
  let browser: Browser;
  let console: TestConsole;

  beforeAll(async () => {
    [browser, console] = await Promise.all([startBrowser(), startConsole()]);
    const { tenancy } = console;
    const domains = Array.from({ length: 30 }, (_, at) => `host-${at}.a-customer.example`);
    await tenancy.create("acme", { domains, name: NAME });
    await tenancy.claimDomain("acme", "claimed.example");
  });
  afterAll(async () => {
    await browser?.close();
    await console?.close();
  });

  it("shows a list whose answers are slower than its changes", async () => {
    await using opened = await openPage(browser, console, "new");
    const { page } = opened;
    await page.route("**/api/tenants?*", async (route) => {
      await wait(1500);
      // The page may have given it up.
      await route.continue().catch(() => undefined);
    });
    await page.getByText("Live", { exact: true }).waitFor();
    await page.getByRole("link", { name: "Tenants", exact: true }).first().click();
    const shown = page.getByRole("link", { name: "acme" }).waitFor({ timeout: 8000 });
    const isShown = shown.then(
      () => true,
      () => true,
    );
    let at = 0;
    do {
      at += 1;
      await console.tenancy.update("acme", { name: `${NAME} ${at % 2}` });
    } while (!(await Promise.race([isShown, wait(200, false)])));
    await shown;
    expect(opened.wrongs).toEqual([]);
  });

  it("takes a page in place of an answer for the sign that nobody is signed in", async () => {
    await using opened = await openPage(browser, console, "");
    const { page } = opened;
    await page.route("**/api/tenants?*", (route) =>
      route.fulfill({ body: "<h1>Sign in</h1>", contentType: "text/html", status: 200 }),
    );
    await page.getByRole("link", { name: "Tenants", exact: true }).first().click();
    await page.getByRole("heading", { name: "You are signed out" }).waitFor();
    expect(opened.wrongs).toEqual([]);
  });

  it("needs no connection while nobody sees it, and catches up when somebody does", async () => {
    await using opened = await openPage(browser, console, "tenants", {
      expected: /ERR_|Failed to load/,
    });
    const { page } = opened;
    await page.getByText("Live", { exact: true }).waitFor();
    await page.clock.install();
    const show = (state: DocumentVisibilityState): Promise<void> =>
      page.evaluate((to) => {
        Object.defineProperty(document, "visibilityState", { configurable: true, value: to });
        document.dispatchEvent(new Event("visibilitychange"));
      }, state);
    await show("hidden");
    await page.clock.fastForward(21_000);
    await page.getByText("Resting", { exact: true }).waitFor();
    await console.tenancy.create("globex");
    await show("visible");
    await page.getByText("Live", { exact: true }).waitFor();
    await page.clock.fastForward(2000);
    await page.getByRole("link", { name: "globex" }).waitFor();
    expect(opened.wrongs).toEqual([]);
  });

  it("keeps many hosts and long names in their place, and names out of the browser's history", async () => {
    await using opened = await openPage(browser, console, "tenants");
    const { page } = opened;
    await page.getByText(NAME, { exact: false }).waitFor();
    await page.setViewportSize({ height: 900, width: 768 });
    expect(await widthBeyondWindow(page)).toBe(0);
    await page.getByRole("link", { name: "acme" }).click();
    await page.getByRole("heading", { level: 1 }).getByText(NAME, { exact: false }).waitFor();
    expect(await page.title()).toBe("acme · Tenants");
    const hosts = page.locator(".hosts a");
    expect(await hosts.count()).toBe(6);
    await page.getByRole("button", { name: "25 more" }).click();
    expect(await hosts.count()).toBe(31);
    expect(await page.getByText("Or as a file").count()).toBe(1);
    // The row that had the focus is gone: it goes on from there, and not from the page's beginning.
    await page.getByRole("button", { name: "Remove host-29.a-customer.example" }).click();
    await page.keyboard.press("Tab");
    await page.getByRole("dialog").getByRole("button", { name: "Remove" }).click();
    await page.getByText("host-29.a-customer.example is removed.").waitFor();
    await page.getByRole("button", { name: "Remove host-29" }).waitFor({ state: "detached" });
    expect(await page.locator(":focus").textContent()).toBe("Add a domain");
    expect(opened.wrongs).toEqual([]);
  });
});
