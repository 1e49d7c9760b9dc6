import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  browserPath,
  findFaults,
  openPage,
  SHOP,
  startBrowser,
  startConsole,
  takePicture,
  type TestConsole,
} from "./support.ts";

const ATTACK = `<img src=x onerror="globalThis.hacked=true">`;
const records = new Map<string, string>();

describe.skipIf(browserPath === undefined)("the console's page of a tenant", () => {
  let browser: Browser;
  let console: TestConsole;

  beforeAll(async () => {
    [browser, console] = await Promise.all([
      startBrowser(),
      startConsole({
        domains: { methods: ["dns"], resolver: { resolveTxt } },
        seed: async (db) => void (await db.query("insert into customer (name) values ('Ada')")),
      }),
    ]);
    const { tenancy } = console;
    await tenancy.actingAs({ id: "grace@example.com", via: "cli" }, () =>
      tenancy.create("acme", { name: "Acme Anvils", seed: false }),
    );
    await tenancy.actingAs({ id: ATTACK, via: "<b>" }, () =>
      tenancy.create("hostile", { name: ATTACK, seed: false }),
    );
  });
  afterAll(async () => {
    await browser?.close();
    await console?.close();
  });

  it("suspends and resumes, once for two clicks, and another window sees it happen", async () => {
    await using opened = await openPage(browser, console, "tenants/acme");
    await using other = await openPage(browser, console, "tenants/acme");
    await other.page.getByText("Live", { exact: true }).waitFor();
    const { page } = opened;
    await page.getByRole("button", { name: "Suspend" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Suspend" }).dblclick();
    await page.getByText("acme is now in state suspended.").waitFor();
    await other.page.getByRole("heading", { name: "Acme Anvils suspended" }).waitFor();
    expect((await console.tenancy.audit({ action: "tenant.suspend" })).entries).toHaveLength(1);
    const problem = page.getByRole("list", { name: "What is wrong" });
    await problem.getByText("Its requests are answered with 403.").waitFor();
    await problem.getByRole("button", { name: "Resume" }).click();
    await page.getByRole("heading", { name: "Acme Anvils active" }).waitFor();
    expect(await page.getByRole("button", { name: "Resume" }).isDisabled()).toBe(true);
    await page.getByText("this one is active.").waitFor();
    expect([...opened.wrongs, ...other.wrongs]).toEqual([]);
  });

  it("applies what is pending, seeds, and rolls back when the slug is typed", async () => {
    const { tenancy } = console;
    await tenancy.create("initech", { migrate: false });
    await tenancy.migrate("initech", { to: SHOP[1]?.version ?? "" });
    await using opened = await openPage(browser, console, "tenants/initech");
    const { page } = opened;
    const problem = page.getByRole("list", { name: "What is wrong" });
    await problem.getByText("A migration is pending").waitFor();
    await problem.getByRole("button", { name: "Migrate" }).click();
    await page.getByText("Applied 20260301000001.").waitFor();
    await problem.waitFor({ state: "detached" });
    await page.getByText("3 applied, 0 pending").waitFor();

    await page.getByRole("button", { name: "Seed" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Seed" }).click();
    await page.getByText("initech is filled with the seed.").waitFor();

    await page.getByRole("button", { name: "Roll back…" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("How many migrations").fill("2");
    const undone = dialog.getByRole("list", { name: "To be undone" }).getByRole("listitem");
    expect(await undone.allTextContents()).toEqual([
      "20260301000001 add_paid_at",
      "20260201000001 create_invoice",
    ]);
    await dialog.getByLabel("Type initech to confirm").fill("initech");
    await page.keyboard.press("Enter");
    await page.getByText("Undid 20260301000001, 20260201000001.").waitFor();
    await problem.getByText("2 migrations are pending").waitFor();
    expect(opened.wrongs).toEqual([]);
  });

  it("renames in place: the name where it stands, the slug with the page", async () => {
    await console.tenancy.create("globex");
    await using opened = await openPage(browser, console, "tenants/globex");
    const { page } = opened;
    await page.getByRole("button", { name: "Give it a name" }).click();
    await page.keyboard.type("Globex & Co");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { level: 1, name: "Globex & Co" }).waitFor();
    expect(await focused(page)).toBe("Edit name");

    await page.getByRole("button", { name: "Rename…" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("New slug").fill("acme");
    await dialog.getByText(/already/).waitFor();
    await dialog.getByLabel("New slug").fill("globex-two");
    await dialog.getByText("globex-two.example.com").waitFor();
    await dialog.getByLabel("Rename the schema, too").check();
    await dialog.getByText("tenant_globex becomes tenant_globex_two.").waitFor();
    await page.keyboard.press("Enter");
    await page.waitForURL(`${console.url}tenants/globex-two`);
    await page.getByText("globex is now globex-two, in the schema tenant_globex_two.").waitFor();
    await page.getByRole("link", { name: "globex-two.example.com" }).waitFor();
    await page.goto(`${console.url}tenants/globex`);
    await page.getByText("There is no tenant called globex.").waitFor();
    expect(opened.wrongs.filter((wrong) => !wrong.includes("404"))).toEqual([]);
  });

  it("claims a domain, shows what to publish, and verifies it once it is", async () => {
    await using opened = await openPage(browser, console, "tenants/acme", {
      expected: /status of 4\d\d/,
    });
    const { page } = opened;
    await page.getByRole("button", { name: "Add a domain" }).click();
    await page.keyboard.type("https://nonsense/");
    await page.keyboard.press("Enter");
    await page
      .getByRole("dialog")
      .getByRole("alert")
      .getByText("INVALID_DOMAIN", { exact: true })
      .waitFor();
    await page.getByLabel("Domain", { exact: true }).fill("shop.acme.example");
    await page.keyboard.press("Enter");
    const domain = page.getByRole("listitem").filter({ hasText: "shop.acme.example" }).first();
    await domain.getByText("pending").waitFor();
    const [claimed] = await console.tenancy.listDomains("acme");
    const { name, value } = claimed!.challenge!.dns;
    await domain.getByText(name, { exact: true }).waitFor();
    await domain.getByText(value, { exact: true }).first().waitFor();
    // Nobody here looks at files.
    expect(await domain.getByText("as a file").count()).toBe(0);
    await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
    await domain.getByRole("button", { name: "Copy: text of the record" }).click();
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(value);
    await takePicture(page, "tenant-domain", true);

    await domain.getByRole("button", { name: "Check now" }).click();
    await domain.getByRole("alert").getByText("DOMAIN_NOT_VERIFIED", { exact: true }).waitFor();
    records.set(name, value);
    await domain.getByRole("button", { name: "Check now" }).click();
    await domain.getByText("verified", { exact: true }).waitFor();

    await page.getByRole("button", { name: "Add a domain" }).click();
    await page.keyboard.type("old.acme.example");
    await page.getByLabel("At once").check();
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: "Make primary old.acme.example" }).click();
    await page.getByRole("button", { name: "Make primary shop.acme.example" }).click();
    await domain.getByText("primary", { exact: true }).waitFor();
    await page.getByRole("button", { name: "Remove old.acme.example" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Remove" }).click();
    await page.getByText("old.acme.example is removed.").waitFor();
    expect((await console.tenancy.get("acme")).domains).toEqual(["shop.acme.example"]);
    expect(opened.wrongs).toEqual([]);
  });

  it("shows names, tables and errors as text, whatever they hold", async () => {
    const { tenancy } = console;
    await tenancy.withTenant("hostile", async () => {
      await tenancy.query(`create table "<script>hacked=1</script>" (id integer)`);
    });
    await using opened = await openPage(browser, console, "tenants/hostile", {
      expected: /status of 4\d\d/,
    });
    const { page } = opened;
    await page.getByText("<script>hacked=1</script>").waitFor();
    await page.getByRole("heading", { level: 1, name: ATTACK }).waitFor();
    await page.getByRole("button", { name: "Add a domain" }).click();
    await page.keyboard.type(ATTACK);
    await page.keyboard.press("Enter");
    await page.getByRole("dialog").getByRole("alert").waitFor();
    await page.keyboard.press("Escape");
    await page.locator("details.entry summary").first().click();
    await page.getByRole("button", { name: "Rename…" }).click();
    await page.getByLabel("New slug").fill(ATTACK);
    await page.getByRole("dialog").getByText("lower-case letters").waitFor();
    await page.keyboard.press("Enter");
    await page.getByRole("dialog").getByRole("alert").waitFor();
    await page.goto(`${console.url}tenants/${encodeURIComponent(ATTACK)}`);
    await page.getByRole("heading", { level: 1, name: ATTACK }).waitFor();
    expect(await page.evaluate(() => "hacked" in globalThis)).toBe(false);
    expect(await page.locator("img, main script").count()).toBe(0);
    expect(opened.wrongs).toEqual([]);
  });

  it("shows a reader all, and no button that would be refused", async () => {
    console.may = "read";
    try {
      await using opened = await openPage(browser, console, "tenants/acme");
      const { page } = opened;
      await page.getByText("You may read.", { exact: false }).waitFor();
      await page.getByRole("link", { name: "acme.example.com" }).waitFor();
      // A table is sorted, and what is to be published copied, by everybody.
      const buttons = await page.getByRole("main").getByRole("button").allTextContents();
      expect(buttons.filter((text) => !/^(|Table|Rows, about|Size)$/.test(text))).toEqual([]);
    } finally {
      console.may = "destroy";
    }
  });

  it("can be used by all, in any size and colour", async () => {
    const looks = [
      ["desktop", "dark"],
      ["narrow", "light"],
    ] as const;
    for (const [size, theme] of looks) {
      await using opened = await openPage(browser, console, "tenants/acme", { size, theme });
      const { page } = opened;
      await page.getByRole("rowheader", { exact: true, name: "invoice" }).waitFor();
      await page.locator("details.entry").first().waitFor();
      expect(await findFaults(page), `${size}, ${theme}`).toEqual([]);
      await takePicture(page, `tenant-${size}-${theme}`, true);
      if (size === "desktop") continue;
      await page.getByRole("button", { name: "Drop…" }).click();
      await page.getByRole("dialog").waitFor();
      expect(await findFaults(page)).toEqual([]);
      await page.keyboard.press("Escape");
      expect(await focused(page)).toBe("Drop…");
    }
  }, 60_000);

  it("drops when the slug is typed, and tells what is lost", async () => {
    const { tenancy } = console;
    await tenancy.create("umbrella", { domains: ["umbrella.example"] });
    await using opened = await openPage(browser, console, "tenants/umbrella");
    const { page } = opened;
    await page.getByText("3 applied, 0 pending").waitFor();
    await page.getByRole("button", { name: "Drop…" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByText("1 domain: umbrella.example").waitFor();
    await dialog.getByText(/tenant_umbrella: \d tables/).waitFor();
    const drop = dialog.getByRole("button", { name: "Drop it for good" });
    await page.keyboard.type("umbrell");
    await page.keyboard.press("Enter");
    expect(await drop.isDisabled()).toBe(true);
    expect(await tenancy.exists("umbrella")).toBe(true);
    await page.keyboard.type("a");
    await page.keyboard.press("Enter");
    await page.waitForURL(`${console.url}tenants`);
    await page.getByText("umbrella and all its data are gone.").waitFor();
    expect(await tenancy.exists("umbrella")).toBe(false);
    expect(opened.wrongs).toEqual([]);
  });
});

function resolveTxt(name: string): Promise<string[][]> {
  const value = records.get(name);
  if (value !== undefined) return Promise.resolve([[value]]);
  return Promise.reject(Object.assign(new Error("no such name"), { code: "ENOTFOUND" }));
}

/** What the element that has the focus says. */
async function focused(page: Page): Promise<string | null> {
  return page.evaluate(() => document.activeElement?.textContent ?? null);
}
