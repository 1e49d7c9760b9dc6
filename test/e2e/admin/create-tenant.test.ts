import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  browserPath,
  findFaults,
  openPage,
  startBrowser,
  startConsole,
  takePicture,
  type TestConsole,
} from "./support.ts";

describe.skipIf(browserPath === undefined)(
  "the console's form for a new tenant",
  { timeout: 60_000 },
  () => {
    let browser: Browser;
    let console: TestConsole;

    beforeAll(async () => {
      const seed = async ({ tenant }: { readonly tenant: { readonly slug: string } }) => {
        if (tenant.slug === "unlucky") throw new Error("No first rows today.");
      };
      [browser, console] = await Promise.all([startBrowser(), startConsole({ seed })]);
    });
    afterAll(async () => {
      await browser?.close();
      await console?.close();
    });

    it("is the first step of an empty fleet", async () => {
      await using opened = await openPage(browser, console, "", { theme: "dark" });
      const { page, wrongs } = opened;
      await page.getByRole("heading", { name: "Create the first tenant" }).waitFor();
      expect(await findFaults(page)).toEqual([]);
      await takePicture(page, "overview-empty");
      await page.getByRole("link", { name: "Create a tenant" }).click();
      await page.getByRole("heading", { level: 1, name: "New tenant" }).waitFor();
      expect(wrongs).toEqual([]);
    });

    it("creates a tenant with the keyboard alone, step by step", async () => {
      await using opened = await openPage(browser, console, "");
      const { page, wrongs } = opened;
      const { keyboard } = page;
      await page.getByText("Live", { exact: true }).waitFor();
      await keyboard.press("n");
      await page.getByRole("heading", { level: 1, name: "New tenant" }).waitFor();
      await expect.poll(() => page.locator("h1:focus").count()).toBe(1);
      await keyboard.press("Tab");
      await keyboard.type("Acme!");
      await page
        .getByText(/lower-case|lower case/i)
        .nth(1)
        .waitFor();
      await keyboard.press("ControlOrMeta+a");
      // A key that is a shortcut elsewhere is a letter here.
      await keyboard.type("acme-gun");
      await page.getByText("tenant_acme_gun").waitFor();
      await page.getByText("acme-gun.example.com").waitFor();
      await keyboard.press("Tab");
      await keyboard.type("Acme Anvils");
      await keyboard.press("Tab");
      await keyboard.type("shop.acme.example");
      await keyboard.press("Tab");
      await keyboard.press("Enter");
      await page.getByLabel("Domain 2").and(page.locator(":focus")).waitFor();
      await keyboard.type("acme.example");
      await takePicture(page, "new-tenant-filled");
      await keyboard.press("Enter");
      await page.getByText("acme-gun is ready.").first().waitFor();
      await page.getByText(/^Run all migrations, done/).waitFor();
      expect(await findFaults(page)).toEqual([]);
      await takePicture(page, "new-tenant-done");
      await keyboard.press("Enter");
      await page.getByRole("heading", { level: 1, name: "acme-gun" }).waitFor();
      expect(page.url()).toBe(`${console.url}tenants/acme-gun`);
      const tenant = await console.tenancy.get("acme-gun");
      expect(tenant).toMatchObject({ name: "Acme Anvils", state: "active" });
      expect(tenant.domains).toEqual(["shop.acme.example", "acme.example"]);
      expect(wrongs).toEqual([]);
    });

    it("says at its field what the server refuses, and keeps what was typed", async () => {
      const expected = /status of 4\d\d/;
      await using opened = await openPage(browser, console, "new", { expected });
      const { page, wrongs } = opened;
      await page.getByRole("button", { name: "Create tenant" }).click();
      await page.getByText("A tenant needs a slug.").waitFor();
      await expect.poll(() => page.locator(":focus[aria-invalid]").count()).toBe(1);
      await page.getByLabel("Slug").fill("acme-gun");
      await page
        .getByText(/acme-gun.*(already|taken|there)|(already|taken|there).*acme-gun/i)
        .waitFor();
      await page.getByLabel("Slug").fill("globex");
      await page.getByText("tenant_globex").waitFor();
      await page.getByLabel("Domain 1").fill("Shop.Acme.Example");
      await page.getByRole("button", { name: "Create tenant" }).click();
      await page
        .getByText(/\[?DOMAIN_TAKEN\]?|another tenant/)
        .first()
        .waitFor();
      expect(await findFaults(page)).toEqual([]);
      await takePicture(page, "new-tenant-refused");
      expect(await page.getByLabel("Slug").count()).toBe(1);
      expect(await page.getByLabel("Domain 1").inputValue()).toBe("Shop.Acme.Example");
      expect(wrongs).toEqual([]);
    });

    it("says what was undone when a step fails, and keeps what was typed", async () => {
      const expected = /status of 404/;
      await using opened = await openPage(browser, console, "new", { expected, size: "phone" });
      const { page, wrongs } = opened;
      await page.getByLabel("Slug").fill("unlucky");
      await page.getByLabel("Name").fill("Unlucky");
      await page.getByRole("button", { name: "Create tenant" }).click();
      await page
        .getByText(/seed .*failed/i)
        .first()
        .waitFor();
      await page.getByText("All steps were undone").waitFor();
      await page.getByText(/^Run the seed, failed/).waitFor();
      expect(await findFaults(page)).toEqual([]);
      await takePicture(page, "new-tenant-failed");
      await page.getByRole("button", { name: "Back to the form" }).click();
      expect(await page.getByLabel("Name").inputValue()).toBe("Unlucky");
      await page.getByLabel("Run the seed").uncheck();
      await page.getByRole("button", { name: "Create tenant" }).click();
      await page.getByRole("link", { name: "Open unlucky" }).waitFor();
      expect(wrongs).toEqual([]);
    });
  },
);
