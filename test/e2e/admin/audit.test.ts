import type { Browser, Locator } from "playwright-core";
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

const ATTACK = `"><script>globalThis.hacked=true</script>`;
const GRACE = { id: "grace@example.com", via: "cli" };

describe.skipIf(browserPath === undefined)("the console's audit log", () => {
  let browser: Browser;
  let console: TestConsole;

  beforeAll(async () => {
    [browser, console] = await Promise.all([startBrowser(), startConsole()]);
    const { tenancy } = console;
    await tenancy.actingAs(GRACE, async () => {
      await tenancy.create("acme", { name: "Acme Anvils" });
      await tenancy.create("globex", { name: ATTACK });
      await tenancy.rename("globex", { slug: "globex-two" });
      await tenancy.addDomain("acme", "shop.acme.example");
      // Another tenant's: the log tells how it ended.
      await tenancy.addDomain("globex-two", "shop.acme.example").catch(() => undefined);
    });
    await tenancy.actingAs({ id: ATTACK, via: "script" }, () => tenancy.suspend("acme"));
  });
  afterAll(async () => {
    await browser?.close();
    await console?.close();
  });

  it("shows who did what, what failed, and what never ended, and all that was recorded", async () => {
    await beginAndDie(console, "2026-01-01T00:00:00Z");
    await using opened = await openPage(browser, console, "audit");
    const { page } = opened;
    const table = page.getByRole("table", { name: "Changes, the newest first" });
    const rowOf = (what: string, outcome: string): Locator =>
      table
        .getByRole("row")
        .filter({ has: page.getByText(what, { exact: true }) })
        .filter({ has: page.getByText(outcome, { exact: true }) });
    await rowOf("Suspended", "done").waitFor();
    await rowOf("Migrated", "never ended").getByText("ada@example.com").waitFor();
    const failed = rowOf("Added a domain", "failed");
    await failed.getByText("DOMAIN_TAKEN").last().waitFor();
    await failed.getByText("Added a domain").click();
    await failed.getByText("tenant.update", { exact: true }).waitFor();
    await table.getByText(`name ${ATTACK}`).waitFor();
    expect(await page.evaluate(() => "hacked" in globalThis)).toBe(false);
    expect(await findFaults(page)).toEqual([]);
    await takePicture(page, "audit-desktop-light");

    // What happens meanwhile appears, and closes nothing that is open.
    await console.tenancy.actingAs(GRACE, () => console.tenancy.resume("acme"));
    await rowOf("Resumed", "done").getByText("grace@example.com").waitFor();
    await failed.getByText("tenant.update", { exact: true }).waitFor();
    expect(opened.wrongs).toEqual([]);
  });

  it("finds changes by person, tenant, operation and outcome, and stays so when it is reloaded", async () => {
    await using opened = await openPage(browser, console, "audit");
    const { page } = opened;
    const rows = page.getByRole("main").getByRole("rowheader");
    await page.getByLabel("Outcome").selectOption("failed");
    await expect.poll(() => rows.count()).toBe(1);
    await page.getByRole("button", { name: "Clear" }).click();
    await page.getByLabel("Person").pressSequentially(ATTACK);
    await expect.poll(() => rows.count()).toBe(1);
    expect(page.url()).toBe(`${console.url}audit`);
    await page.reload();
    await expect.poll(() => rows.count()).toBe(1);
    expect(await page.getByLabel("Person").inputValue()).toBe(ATTACK);
    await page.getByLabel("Person").fill("nobody");
    await page.getByText("No change is like that.").waitFor();
    await page.getByRole("button", { name: "Show all changes" }).click();

    await page.goto(`${console.url}tenants/globex-two`);
    await page.getByRole("link", { name: "All of them" }).click();
    expect(await page.getByLabel("Tenant").inputValue()).toBe("globex-two");
    await expect.poll(() => rows.count()).toBeGreaterThan(0);
    await page.getByLabel("What").selectOption("tenant.update");
    await expect.poll(() => rows.count()).toBe(1);
    await page.waitForURL(`${console.url}audit?action=tenant.update&tenant=globex-two`);
    await page.getByRole("link", { name: "Audit log" }).click();
    await expect.poll(() => rows.count()).toBeGreaterThan(4);
    expect(await page.getByLabel("Tenant").inputValue()).toBe("");
    expect(opened.wrongs).toEqual([]);
  });

  it("reads older changes when asked, each once, while new ones come", async () => {
    await console.tenancy.scopeGlobal(() =>
      console.tenancy.query(
        `insert into kirayedar_audit (registry, begun_at, actor, via, action, tenant, outcome, details)
         select 'tenants', now() - i * interval '1 hour', 'grace@example.com', 'cli', 'tenant.update', 'acme', 'done', '{}'
         from generate_series(1, 120) i`,
      ),
    );
    await using opened = await openPage(browser, console, "audit");
    const { page } = opened;
    const rows = page.getByRole("main").getByRole("rowheader");
    await expect.poll(() => rows.count()).toBe(50);
    await page.getByRole("button", { name: "Load older" }).dblclick();
    await expect.poll(() => rows.count()).toBe(100);
    await console.tenancy.actingAs(GRACE, () => console.tenancy.suspend("acme"));
    await expect.poll(() => rows.count(), { timeout: 10_000 }).toBe(101);
    await page.getByRole("button", { name: "Load older" }).click();
    await expect.poll(() => page.getByRole("button", { name: "Load older" }).count()).toBe(0);
    expect(opened.wrongs).toEqual([]);
  });

  it("can be read by all, in any size and colour", async () => {
    console.may = "read";
    await using opened = await openPage(browser, console, "audit?tenant=globex-two", {
      size: "narrow",
      theme: "dark",
    });
    const { page } = opened;
    await page.locator("details.entry summary").first().click();
    expect(await findFaults(page)).toEqual([]);
    await takePicture(page, "audit-narrow-dark", true);
  });
});

/** As a process leaves it that dies while it migrates. */
async function beginAndDie({ tenancy }: TestConsole, at: string): Promise<void> {
  await tenancy.scopeGlobal(() =>
    tenancy.query(
      `insert into kirayedar_audit (registry, begun_at, actor, via, action, tenant, outcome, details)
       values ('tenants', $1, 'ada@example.com', 'cli', 'tenant.migrate', 'acme', 'begun', '{}')`,
      [at],
    ),
  );
}
