import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  addRows,
  browserPath,
  findFaults,
  openPage,
  SIZES,
  startBrowser,
  startConsole,
  takePicture,
  type TestConsole,
  widthBeyondWindow,
} from "./support.ts";

const ATTACK = "<img src=x onerror=globalThis.hacked=true>";

const TENANTS = [
  ["acme", "Acme Anvils"],
  ["globex", "Globex"],
  ["initech", "Initech"],
  ["hooli", "Hooli"],
  ["vehement", "Vehement Capital"],
  ["an-unusually-long-slug-that-somebody-really-chose", ATTACK],
] as const;

describe.skipIf(browserPath === undefined)("the console's overview", { timeout: 60_000 }, () => {
  let browser: Browser;
  let console: TestConsole;

  beforeAll(async () => {
    [browser, console] = await Promise.all([startBrowser(), startConsole()]);
  });
  afterAll(async () => {
    await browser?.close();
    await console?.close();
  });

  it("counts tenants by state and version, and follows what happens without being asked", async () => {
    const { tenancy } = console;
    for (const [index, [slug, name]] of TENANTS.entries()) {
      await tenancy.create(slug, { name, ...(index === 0 && { domains: ["shop.acme.example"] }) });
      await tenancy.withTenant(slug, async () => {
        await tenancy.query(
          "insert into customer (name) select 'Customer ' || i from generate_series(1, $1::integer) i",
          [Math.round(60_000 / (index + 1) ** 2)],
        );
        // The server knows a table's size from then on.
        await tenancy.query("analyze customer");
      });
    }
    await addRows(tenancy, 226);
    await using opened = await openPage(browser, console, "");
    const { page, wrongs } = opened;
    await page.getByText("Live", { exact: true }).waitFor();
    await page.getByRole("link", { name: "232 tenants" }).waitFor();
    const versions = page.getByRole("table", { name: "Tenants by version, the newest first" });
    await versions.getByRole("row", { name: "20260201000001 32 behind" }).waitFor();
    await page
      .getByRole("table", { name: "The largest tenants" })
      .getByRole("link", { name: "acme" })
      .waitFor();
    await tenancy.create("umbrella");
    await page.getByRole("link", { name: "233 tenants" }).waitFor();
    await page.getByRole("link", { name: /^suspended 9/ }).click();
    await page.getByText("9 tenants").waitFor();
    expect(page.url()).toBe(`${console.url}tenants?state=suspended`);
    expect(wrongs).toEqual([]);
  });

  it("reads its plot day by day, with the keyboard and in a table", async () => {
    await using opened = await openPage(browser, console, "");
    const { page } = opened;
    const plot = page.getByRole("group", { name: /^Tenants created on each day/ });
    await plot.focus();
    await page.getByText(/^\d+ \w+: \d+ tenants?$/).waitFor();
    await page.keyboard.press("Home");
    await page.keyboard.press("ArrowRight");
    const table = page.getByRole("table", { name: "Tenants created on each day" });
    const second = await table.getByRole("row").nth(2).textContent();
    const said = await page.locator(".plot-said").textContent();
    expect(said?.replace(/: (\d+) tenants?$/, "$1")).toBe(second);
  });

  it("says what could not be read, and reads it again", async () => {
    await using opened = await openPage(browser, console, "tenants", { expected: /status of 500/ });
    const { page } = opened;
    let isBroken = true;
    await page.route("**/api/overview*", (route) =>
      isBroken
        ? route.fulfill({ json: { error: { code: "INTERNAL", message: "No." } }, status: 500 })
        : route.continue(),
    );
    await page.keyboard.press("g");
    await page.keyboard.press("o");
    await page.getByRole("alert").getByText("The fleet could not be read").waitFor();
    expect(await findFaults(page)).toEqual([]);
    isBroken = false;
    await page.getByRole("button", { name: "Try again" }).click();
    await page.getByRole("link", { name: "233 tenants" }).waitFor();
    expect(await page.getByRole("alert").count()).toBe(0);
  });

  it("asks again by itself where the server's events do not arrive", async () => {
    await using opened = await openPage(browser, console, "", { expected: /ERR_FAILED/ });
    const { page, wrongs } = opened;
    await page.route("**/api/events", (route) => route.abort());
    await page.reload();
    await page.getByText("Reconnecting", { exact: true }).waitFor();
    await page.unroute("**/api/events");
    await page.getByText("Live", { exact: true }).waitFor();
    expect(wrongs).toEqual([]);
  });

  it("remembers the theme that was chosen", async () => {
    await using opened = await openPage(browser, console, "");
    const { page } = opened;
    const ground = (): Promise<string> =>
      page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
    const light = await ground();
    await page.getByRole("radio", { name: "Dark" }).check({ force: true });
    await expect.poll(ground).not.toBe(light);
    const dark = await ground();
    await page.reload();
    await page.getByRole("radio", { name: "Dark", checked: true }).waitFor();
    expect(await ground()).toBe(dark);
  });

  it("offers no change to somebody who may only read, and nothing to a stranger", async () => {
    console.may = "read";
    try {
      await using opened = await openPage(browser, console, "", { expected: /status of 401/ });
      const { page } = opened;
      await page.getByText("read only").waitFor();
      await page.getByRole("link", { name: "233 tenants" }).waitFor();
      await page.keyboard.press("n");
      expect(await page.getByRole("link", { name: "New tenant" }).count()).toBe(0);
      expect(page.url()).toBe(console.url);
      console.may = null;
      await page.getByRole("link", { name: "Tenants", exact: true }).click();
      await page.getByRole("heading", { name: "You are signed out" }).waitFor();
      expect(await findFaults(page)).toEqual([]);
      console.may = "destroy";
      await page.getByRole("button", { name: "Try again" }).click();
      await page.getByRole("heading", { level: 1, name: "Tenants" }).waitFor();
    } finally {
      console.may = "destroy";
    }
  });

  it.each([
    { name: "overview", path: "", shows: "233 tenants" },
    { name: "tenants", path: "tenants?sort=name", shows: ATTACK },
    { name: "new-tenant", path: "new", shows: "Domains of its own" },
  ])("has no serious fault and fits its window: $name", async ({ name, path, shows }) => {
    await using opened = await openPage(browser, console, path);
    const { page, wrongs } = opened;
    await page.getByText(shows).first().waitFor();
    await page.setViewportSize(SIZES.narrow);
    expect(await widthBeyondWindow(page)).toBe(0);
    await page.setViewportSize(SIZES.phone);
    expect(await findFaults(page), "on a phone").toEqual([]);
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize(SIZES.phone);
      await takePicture(page, `${name}-phone-${colorScheme}`);
      await page.setViewportSize(SIZES.desktop);
      await takePicture(page, `${name}-desktop-${colorScheme}`);
    }
    expect(await findFaults(page), "dark, on a desktop").toEqual([]);
    // Names are text, whatever is in them.
    expect(await page.evaluate(() => "hacked" in globalThis)).toBe(false);
    expect(wrongs).toEqual([]);
  });
});
