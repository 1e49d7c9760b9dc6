import type { Migration } from "kirayedar";
import type { Browser } from "playwright-core";
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

const BEFORE = SHOP[1]?.version ?? "";
const NEWEST = SHOP[2]?.version ?? "";
const FLEET = 24;
const REPORTS: Migration = {
  down: "drop table report",
  name: "reports",
  up: "create table report (id integer)",
  version: "20260401000001",
};

describe.skipIf(browserPath === undefined)("the console's page of migrations", () => {
  let browser: Browser;
  let console: TestConsole;

  beforeAll(async () => {
    [browser, console] = await Promise.all([
      startBrowser(),
      startConsole({ migrations: { global: [REPORTS], tenant: [...SHOP] } }),
    ]);
    const { tenancy } = console;
    for (let at = 1; at <= FLEET; at += 1) {
      const slug = slugOf(at);
      await tenancy.create(slug, { migrate: false });
      await tenancy.migrate(slug, { to: BEFORE });
    }
    // What somebody has done by hand: the migration finds the column there.
    for (const slug of [slugOf(7), slugOf(19)]) {
      await tenancy.withTenant(slug, async () => {
        await tenancy.query("alter table invoice add column paid_at text");
      });
    }
  });
  afterAll(async () => {
    await browser?.close();
    await console?.close();
  });

  it("shows what a run would do, does it, groups who failed, and takes up what is left", async () => {
    await using opened = await openPage(browser, console, "migrations");
    const { page } = opened;
    await page.getByRole("row", { name: `${BEFORE} ${FLEET} ${FLEET} behind` }).waitFor();
    await page.getByRole("button", { name: "Start a run…" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Canary").fill("shop-01");
    await dialog.getByLabel("Failures allowed").fill("lots");
    await page.keyboard.press("Enter");
    await dialog.getByText("Give a number such as 10, or a share such as 5%.").waitFor();
    await dialog.getByLabel("Failures allowed").fill("50%");
    await page.keyboard.press("Enter");
    await dialog.getByText(`${FLEET} would be migrated`, { exact: false }).waitFor();
    await dialog.getByText(`${NEWEST} add_paid_at`).waitFor();
    await dialog.getByText("First shop-01: if one of them fails").waitFor();
    expect((await console.tenancy.fleetRuns()).length).toBe(0);

    await dialog.getByRole("button", { name: "Start" }).dblclick();
    await page.getByText("22 migrated, 0 had nothing to do, 2 failed.").waitFor();
    const failures = page.getByRole("region", { name: "Failures" });
    await failures.getByText("MIGRATION_FAILED", { exact: true }).waitFor();
    await failures.getByText("2 tenants").waitFor();
    await failures.getByRole("link", { name: slugOf(19) }).waitFor();
    await page.getByRole("row", { name: `${NEWEST} 22 newest` }).waitFor();
    expect(await findFaults(page)).toEqual([]);
    await takePicture(page, "migrations-desktop-light", true);
    expect((await console.tenancy.fleetRuns()).length).toBe(1);

    await page.getByRole("link", { exact: true, name: "Run 1" }).first().click();
    await page.getByRole("heading", { name: `Run 1: Migrate to ${NEWEST} failed` }).waitFor();
    await page.getByText("Failures allowed").waitFor();
    await page.getByText(/SQLSTATE 42701/).waitFor();
    expect(await findFaults(page)).toEqual([]);
    await takePicture(page, "run-desktop-light", true);

    await page.getByRole("link", { name: slugOf(7) }).click();
    await page.getByText("It failed in the last run").waitFor();
    for (const slug of [slugOf(7), slugOf(19)]) {
      await console.tenancy.withTenant(slug, async () => {
        await console.tenancy.query("alter table invoice drop column paid_at");
      });
    }
    await page.getByRole("link", { name: "Run 1" }).click();
    await page.getByRole("button", { name: "Resume what is left" }).click();
    await page.getByRole("heading", { name: /^Run 2: .* done$/ }).waitFor();
    await page.getByRole("link", { name: "run 1" }).click();
    await page.getByText("What it left was taken up by").waitFor();
    expect(opened.wrongs).toEqual([]);
  });

  it("rolls back when the word is typed, and stops before the next tenant", async () => {
    await using opened = await openPage(browser, console, "migrations", {
      size: "narrow",
      theme: "dark",
    });
    const { page } = opened;
    await page.getByText("Every tenant is up to date.").waitFor();
    await page.getByRole("button", { name: "Start a run…" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Roll back").check();
    await dialog.getByLabel("Per second").fill("5");
    expect(await findFaults(page)).toEqual([]);
    await dialog.getByRole("button", { name: "See what it would do" }).click();
    await dialog.getByText(`Of each of ${FLEET} tenants`, { exact: false }).waitFor();
    await dialog.getByRole("button", { name: "Roll back" }).click();
    await dialog.getByText("Type rollback to go on.").waitFor();
    await dialog.getByLabel("Type rollback to confirm").fill("rollback");
    await page.keyboard.press("Enter");

    const run = page.locator("section", { hasText: "Rolling the fleet back" });
    await run.getByText(/^\d(\.\d)? tenants per second, about .* left$/).waitFor();
    await takePicture(page, "migrations-narrow-dark", true);
    await run.getByRole("button", { name: "Stop" }).dblclick();
    await run.getByText("It was stopped.", { exact: false }).waitFor();
    const [last] = await console.tenancy.fleetRuns();
    expect(last).toMatchObject({ state: "failed", stopped: "signal", verb: "rollback" });
    expect(last!.counts.notReached).toBeGreaterThan(0);
    await page.getByText(/has left \d+ tenants undone/).waitFor();
    expect(opened.wrongs).toEqual([]);
  });

  it("applies what is pending in the global schema", async () => {
    await console.tenancy.rollbackGlobal();
    await using opened = await openPage(browser, console, "migrations");
    const { page } = opened;
    const row = page.getByRole("row", { name: `${REPORTS.version} reports` });
    await row.getByText("pending", { exact: true }).waitFor();
    await page.getByRole("button", { name: "Apply what is pending" }).dblclick();
    await page.getByText(`Applied ${REPORTS.version}.`).waitFor();
    await row.getByText("applied", { exact: true }).waitFor();
    expect(opened.wrongs).toEqual([]);
  });

  it("shows a reader where everybody is, and nothing to start", async () => {
    console.may = "read";
    try {
      await using opened = await openPage(browser, console, "migrations");
      const { page } = opened;
      await page.getByRole("table", { name: "Runs over the fleet, the newest first" }).waitFor();
      for (const name of ["Start a run…", "Resume what is left"]) {
        expect(await page.getByRole("button", { name }).count()).toBe(0);
      }
    } finally {
      console.may = "destroy";
    }
  });
});

function slugOf(at: number): string {
  return `shop-${String(at).padStart(2, "0")}`;
}
