import { mkdir } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import axe from "axe-core";
import { createTenancy, type Migration, type Tenancy, type TenancyConfig } from "kirayedar";
import { type AdminOptions, createAdmin, type Permission, toNodeListener } from "kirayedar/admin";
import { pg } from "kirayedar/pg";
import { type Browser, chromium, type Page } from "playwright-core";
import { inject } from "vitest";
import { createTestDatabase } from "../../support/database.ts";
import { findBrowser } from "../../support/lent-browser.ts";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const pictures = join(root, "test-pictures");

/** The browser's program; `undefined` where there is none, and tests of the pages are skipped. */
export const browserPath: string | undefined = await findBrowser();

/** Widths that the pages are looked at in. */
export const SIZES = {
  desktop: { height: 800, width: 1280 },
  narrow: { height: 740, width: 360 },
  phone: { height: 844, width: 390 },
} as const;

/** A console that listens, over a database of its own. */
export interface TestConsole {
  /** Address of the console, with a slash at its end. */
  readonly url: string;
  readonly tenancy: Tenancy;
  /** What the person may do; `null` for a stranger. Takes effect with the next request. */
  may: Permission | null;
  close(): Promise<void>;
}

/** Three migrations of a shop, the last of which fails for a tenant whose schema has a table `refuses`. */
export const SHOP: readonly Migration[] = [
  {
    down: "drop table customer",
    name: "create_customer",
    up: "create table customer (id serial primary key, name text not null)",
    version: "20260101000001",
  },
  {
    down: "drop table invoice",
    name: "create_invoice",
    up: "create table invoice (id serial primary key, customer_id integer references customer)",
    version: "20260201000001",
  },
  {
    down: "alter table invoice drop column paid_at",
    name: "add_paid_at",
    up: "alter table invoice add column paid_at timestamptz",
    version: "20260301000001",
  },
];

/** Starts the real server over a real database. `config` changes the tenancy, `options` the console. */
export async function startConsole(
  config: Partial<TenancyConfig> = {},
  options: Partial<AdminOptions> = {},
): Promise<TestConsole> {
  const database = await createTestDatabase();
  const pages = await askLender("pages");
  const tenancy = createTenancy({
    database: pg({ connectionString: database.url }),
    migrations: { global: [], tenant: [...SHOP] },
    primaryDomain: "example.com",
    ...config,
  });
  await tenancy.migrateGlobal();
  const admin = createAdmin({
    authorize: () => console.may && { may: console.may, person: "ada@example.com" },
    pages,
    rateLimit: false,
    tenancy,
    ...options,
  });
  const server = createServer(toNodeListener(admin));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const console: TestConsole = {
    close: async () => {
      admin.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await tenancy.close();
      await database.drop();
    },
    may: "destroy",
    tenancy,
    url: `http://127.0.0.1:${port}${admin.basePath}/`,
  };
  return console;
}

/** The browser that all test files share; what is closed is the connection to it. */
export async function startBrowser(): Promise<Browser> {
  return await chromium.connect(await askLender("browser"));
}

/** What one test run has only one of: `browser`, its address, and `pages`, the folder of the built pages. */
async function askLender(what: "browser" | "pages"): Promise<string> {
  const response = await fetch(`${inject("browserLender")}/${what}`);
  const text = await response.text();
  if (!response.ok) throw new Error(text);
  return text;
}

/** How a page is opened. */
export interface OpenOptions {
  readonly size?: keyof typeof SIZES;
  readonly theme?: "dark" | "light";
  /** Errors in the browser's console that belong to the test, such as a request that is refused. */
  readonly expected?: RegExp;
}

/** A page, and everything that went wrong in it so far: errors, violations of its policy, foreign requests. */
export interface OpenPage extends AsyncDisposable {
  readonly page: Page;
  readonly wrongs: readonly string[];
}

/** Opens a page of the console, such as `tenants/acme`. */
export async function openPage(
  browser: Browser,
  console: TestConsole,
  path: string,
  options: OpenOptions = {},
): Promise<OpenPage> {
  const context = await browser.newContext({
    colorScheme: options.theme ?? "light",
    // Pictures and colours are looked at when nothing moves any more.
    reducedMotion: "reduce",
    viewport: SIZES[options.size ?? "desktop"],
  });
  const wrongs: string[] = [];
  const page = await context.newPage();
  // Sooner than the test ends: what was waited for is then told.
  page.setDefaultTimeout(20_000);
  watch(page, { console, expected: options.expected, wrongs });
  await page.goto(console.url + path);
  await page.getByRole("heading", { level: 1 }).waitFor();
  return { page, wrongs, [Symbol.asyncDispose]: () => context.close() };
}

function watch(
  page: Page,
  to: {
    readonly console: TestConsole;
    readonly expected: RegExp | undefined;
    readonly wrongs: string[];
  },
): void {
  page.on("pageerror", (error) => to.wrongs.push(`uncaught: ${error.message}`));
  page.on("console", (message) => {
    if (!["error", "warning"].includes(message.type())) return;
    if (to.expected?.test(message.text()) !== true) to.wrongs.push(message.text());
  });
  page.on("request", (request) => {
    if (new URL(request.url()).origin !== new URL(to.console.url).origin) {
      to.wrongs.push(`a foreign address: ${request.url()}`);
    }
  });
}

/** What axe finds that is serious or worse, and whether the page is wider than its window. */
export async function findFaults(page: Page): Promise<string[]> {
  // To read it takes as long as a look.
  if (!(await page.evaluate(() => "axe" in globalThis))) await page.evaluate(axe.source);
  const faults = await page.evaluate(async () => {
    const { axe } = globalThis as unknown as {
      axe: { run(context: object, options: object): Promise<AxeResult> };
    };
    // The rows of a table are alike, and to look at fifty takes seconds.
    const context = { exclude: [[".table tbody tr:nth-child(n+7)"]], include: [["html"]] };
    const { violations } = await axe.run(context, { resultTypes: ["violations"] });
    return violations
      .filter(({ impact }) => impact === "serious" || impact === "critical")
      .flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.target.join(" ")}`));
  });
  const beyond = await widthBeyondWindow(page);
  return beyond > 0 ? [...faults, `${beyond} pixels wider than the window`] : faults;
}

/** How many pixels of a page are to be had by scrolling sideways alone. */
export function widthBeyondWindow(page: Page): Promise<number> {
  return page.evaluate(
    () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
  );
}

interface AxeResult {
  readonly violations: readonly {
    readonly id: string;
    readonly impact: string;
    readonly nodes: readonly { readonly target: readonly string[] }[];
  }[];
}

/** Keeps a picture of a page, for a person to look at. */
export async function takePicture(page: Page, name: string, fullPage = false): Promise<void> {
  await mkdir(pictures, { recursive: true });
  await page.screenshot({ fullPage, path: join(pictures, `${name}.png`) });
}

/**
 * Adds `count` rows to the registry without schemas: lists are long before anything else is. Most are as
 * far as the tenants that were made before, the others behind.
 */
export async function addRows(tenancy: Tenancy, count: number): Promise<void> {
  await tenancy.scopeGlobal(() =>
    tenancy.query(
      `with newest as (
         select version, migrations_digest from tenants where version is not null
         order by version desc limit 1
       )
       insert into tenants
         (slug, name, schema_name, state, version, migrations_digest, created_at, updated_at)
       select 'shop-' || number, 'Shop number ' || i, 'tenant_shop_' || number,
         case when i % 23 = 0 then 'suspended' when i % 41 = 0 then 'maintenance'
           when i % 57 = 0 then 'failed' else 'active' end,
         case when i % 7 = 0 then '20260201000001' else newest.version end,
         case when i % 7 = 0 then null else newest.migrations_digest end,
         now() - (i % 29 + (i % 5) * (i % 3)) * interval '19 hours', now() - i * interval '7 minutes'
       from generate_series(1, $1::integer) i
       cross join lateral (select lpad(i::text, 4, '0') as number) as named
       left join newest on true`,
      [count],
    ),
  );
}
