import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  addRows,
  browserPath,
  findFaults,
  openPage,
  startBrowser,
  startConsole,
  takePicture,
  type TestConsole,
} from "./support.ts";

describe.skipIf(browserPath === undefined)(
  "the console's list of tenants",
  { timeout: 60_000 },
  () => {
    let browser: Browser;
    let console: TestConsole;

    beforeAll(async () => {
      [browser, console] = await Promise.all([startBrowser(), startConsole()]);
      await console.tenancy.create("acme", { name: "Acme Anvils" });
      await console.tenancy.create("globex");
      await addRows(console.tenancy, 120);
    });
    afterAll(async () => {
      await browser?.close();
      await console?.close();
    });

    /** The slugs that are shown, in their order. */
    const slugs = (page: Page): Promise<string[]> =>
      page.getByRole("table").getByRole("rowheader").allTextContents();

    it("is searched as one types, by slug and name, and never in the address", async () => {
      await using opened = await openPage(browser, console, "");
      const { page, wrongs } = opened;
      const asked: string[] = [];
      page.on("request", (request) => {
        const { pathname, searchParams } = new URL(request.url());
        if (pathname.endsWith("/api/tenants")) asked.push(searchParams.get("search") ?? "");
      });
      await page.keyboard.press("/");
      await page.getByRole("searchbox").and(page.locator(":focus")).waitFor();
      await page.keyboard.type("nvils");
      await page.getByText("1 tenant found").waitFor();
      expect(await slugs(page)).toEqual(["acme"]);
      expect(asked.at(-1)).toBe("nvils");
      asked.length = 0;
      // What is typed in one breath, however slow the machine is, is asked once.
      await page.evaluate(`{
        const box = document.querySelector("input[type=search]");
        for (const text of ["G", "GL", "GLO", "GLOB"]) {
          box.value = text;
          box.dispatchEvent(new Event("input", { bubbles: true }));
        }
      }`);
      await page.getByRole("link", { name: "globex" }).waitFor();
      expect([...new Set(asked)]).toEqual(["GLOB"]);
      await expect.poll(() => slugs(page)).toEqual(["globex"]);
      expect(page.url()).toBe(`${console.url}tenants`);
      await page.keyboard.press("ArrowDown");
      await page.keyboard.press("Enter");
      await page.getByRole("heading", { level: 1, name: "globex" }).waitFor();
      await page.goBack();
      await page.getByText("1 tenant found").waitFor();
      expect(await page.getByRole("searchbox").inputValue()).toBe("GLOB");
      await page.getByRole("searchbox").fill("nobody");
      await page.getByText("No tenant is like that.").waitFor();
      expect(await findFaults(page)).toEqual([]);
      await page.getByRole("button", { name: "Show all tenants" }).click();
      await page.getByText("1–50 of 122 tenants").waitFor();
      expect(wrongs).toEqual([]);
    });

    it("is filtered and sorted by its address, which may be shared", async () => {
      await using opened = await openPage(browser, console, "tenants");
      const { page, wrongs } = opened;
      await page.getByLabel("State").selectOption("maintenance");
      await page.getByText("2 tenants").waitFor();
      expect(await slugs(page)).toEqual(["shop-0041", "shop-0082"]);
      await page.getByRole("button", { name: "Slug" }).click();
      await expect.poll(() => slugs(page)).toEqual(["shop-0082", "shop-0041"]);
      const heading = page.getByRole("columnheader", { name: "Slug" });
      expect(await heading.getAttribute("aria-sort")).toBe("descending");
      expect(page.url()).toBe(`${console.url}tenants?state=maintenance&direction=desc`);
      await page.reload();
      await page.getByText("2 tenants").waitFor();
      expect(await slugs(page)).toEqual(["shop-0082", "shop-0041"]);
      await page.goto(`${console.url}tenants?version=20260201000001&sort=createdAt&direction=desc`);
      await page.getByText("17 tenants").waitFor();
      expect(await page.getByLabel("Version").inputValue()).toBe("20260201000001");
      expect(await page.getByText("not the latest").count()).toBe(17);
      expect(wrongs).toEqual([]);
    });

    it("goes from page to page and back, and shows more on one", async () => {
      await using opened = await openPage(browser, console, "tenants");
      const { page, wrongs } = opened;
      await page.getByText("1–50 of 122 tenants").waitFor();
      const first = await slugs(page);
      await page.getByRole("button", { name: "Next" }).click();
      await page.getByText("51–100 of 122 tenants").waitFor();
      expect(new Set([...first, ...(await slugs(page))]).size).toBe(100);
      await page.getByRole("button", { name: "Show more" }).click();
      await page.getByText("51–122 of 122 tenants").waitFor();
      expect(await page.getByRole("button", { name: "Next" }).isDisabled()).toBe(true);
      await page.getByRole("button", { name: "Previous" }).click();
      await page.getByText("1–50 of 122 tenants").waitFor();
      expect(await slugs(page)).toEqual(first);
      expect(wrongs).toEqual([]);
    });

    it("is walked with the keyboard, and keeps its place while tenants come and change", async () => {
      await using opened = await openPage(browser, console, "tenants");
      const { page, wrongs } = opened;
      await page.getByText("Live", { exact: true }).waitFor();
      await page.getByRole("link", { name: "acme" }).focus();
      await page.keyboard.press("ArrowDown");
      await page.keyboard.press("ArrowDown");
      const focused = (): Promise<string | null> => page.locator(":focus").textContent();
      expect(await focused()).toBe("shop-0001");
      await console.tenancy.create("aardvark");
      await page.getByRole("link", { name: "aardvark" }).waitFor();
      await console.tenancy.suspend("acme");
      await page.getByRole("row", { name: /^acme/ }).getByText("suspended").waitFor();
      expect(await focused()).toBe("shop-0001");
      await page.keyboard.press("Home");
      expect(await focused()).toBe("aardvark");
      await page.keyboard.press("End");
      await page.keyboard.press("ArrowUp");
      expect(await focused()).toBe("shop-0046");
      await page.keyboard.press("?");
      await page.getByRole("dialog", { name: "Keyboard shortcuts" }).waitFor();
      // Keys belong to the dialog while it is open.
      await page.keyboard.press("n");
      expect(await findFaults(page)).toEqual([]);
      await takePicture(page, "shortcuts");
      await page.keyboard.press("Escape");
      await expect.poll(() => page.getByRole("dialog").count()).toBe(0);
      expect(await focused()).toBe("shop-0046");
      for (const [key, title] of [
        ["m", "Migrations"],
        ["a", "Audit log"],
        ["o", "Overview"],
        ["t", "Tenants"],
      ] as const) {
        await page.keyboard.press("g");
        await page.keyboard.press(key);
        await page.getByRole("heading", { level: 1, name: title }).waitFor();
      }
      expect(wrongs).toEqual([]);
    });

    it("skips to its content, and says of an address that nothing is there", async () => {
      await using opened = await openPage(browser, console, "tenants/acme/nothing");
      const { page, wrongs } = opened;
      await page.getByRole("heading", { level: 1, name: "No such page" }).waitFor();
      await page.keyboard.press("Tab");
      await page.keyboard.press("Enter");
      expect(await page.locator(":focus").getAttribute("id")).toBe("main");
      expect(page.url()).toBe(`${console.url}tenants/acme/nothing`);
      expect(await findFaults(page)).toEqual([]);
      expect(wrongs).toEqual([]);
    });
  },
);
