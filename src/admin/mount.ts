import type { Tenancy } from "../core/tenancy.ts";
import { TenancyError } from "../errors/tenancy-error.ts";
import { ChangeWatch } from "./change-watch.ts";
import type { Console } from "./console.ts";
import { Live } from "./live.ts";
import { OperationRegistry } from "./operations.ts";
import { ownPages, Pages } from "./pages.ts";
import { MOST_BYTES } from "./read-body.ts";
import type { Authorize } from "./security/authorize.ts";
import { type RateLimit, RateLimiter } from "./security/rate-limit.ts";
import { SizeCache } from "./size-cache.ts";

/** How the console is mounted. */
export interface AdminOptions {
  /** The tenants. */
  readonly tenancy: Tenancy;
  /** Tells who sends a request, and what they may do. Without it nothing is mounted. */
  readonly authorize: Authorize;
  /** Path that the console is mounted at, as browsers see it. Default `"/admin"`; `""` is the root. */
  readonly basePath?: string;
  /** Folder of pages of your own, as `kirayedar generate admin --eject` makes them. Default: those of the package. */
  readonly pages?: string;
  /** Where a browser is sent that nobody knows. Default: it gets 401. */
  readonly signInUrl?: string;
  /** Changes that a person may make. `false`: any number. Default: 20 at once, and 60 in a minute. */
  readonly rateLimit?: RateLimit | false;
  /** Hosts that requests may name, with the port where there is one. Default: any. */
  readonly hosts?: readonly string[];
  /**
   * Origins that the pages have for browsers, such as `"https://admin.example.com"`, where a proxy gives
   * this process another `Host`. Default: that of the request.
   */
  readonly origins?: readonly string[];
  /** Bytes that the body of a request may have. Default 65,536. */
  readonly maxBodyBytes?: number;
}

/** What one console has, beside what its routes work with. */
export interface Mount {
  /** The application's own. */
  readonly authorize: Authorize;
  /** What the routes work with. */
  readonly console: Console;
  /** Hosts that requests may name, in lower case. */
  readonly hosts: readonly string[] | undefined;
  /** Counts changes. */
  readonly limiter: RateLimiter | undefined;
  /** Bytes that a body may have. */
  readonly maxBodyBytes: number;
  /** Origins beside that of the request. */
  readonly origins: readonly string[];
  /** The pages. */
  readonly pages: Pages;
  /** Where strangers are sent. */
  readonly signInUrl: string | undefined;
}

/** Checks the options. @throws TenancyError `INVALID_CONFIG` */
export function toMount(options: AdminOptions): Mount {
  const { authorize, basePath = "/admin", hosts, rateLimit, tenancy } = options;
  // Asked for by name: one that is left out must not become a console for everybody.
  if (typeof authorize !== "function") {
    throw new TenancyError("INVALID_CONFIG", "The admin console has no `authorize`.", {
      remedy: "Pass a function that returns `{ person, may }`, or `null` for nobody.",
    });
  }
  if (!/^(?:\/[\w.~-]+)*$/.test(basePath) || /\/\.{1,2}(?:\/|$)/.test(basePath)) {
    throw new TenancyError(
      "INVALID_CONFIG",
      'The admin console\'s `basePath` is no path such as "/admin", or "" for the root.',
    );
  }
  return {
    authorize,
    console: toConsole(tenancy, basePath),
    hosts: hosts?.map((host) => host.toLowerCase()),
    limiter: rateLimit === false ? undefined : new RateLimiter(rateLimit),
    maxBodyBytes: options.maxBodyBytes ?? MOST_BYTES,
    origins: options.origins ?? [],
    pages: new Pages(options.pages ?? ownPages(), basePath),
    signInUrl: options.signInUrl,
  };
}

function toConsole(tenancy: Tenancy, basePath: string): Console {
  const watch = new ChangeWatch(tenancy, (change) => live.publish({ type: "changed", ...change }));
  const live: Live = new Live({
    onFirst: () => watch.start(),
    onLast: () => watch.stop(),
    operations: () => operations.list(),
  });
  const operations: OperationRegistry = new OperationRegistry(
    (operation) => live.publish({ operation, type: "operation" }),
    tenancy.logger,
  );
  const sizes = new SizeCache(
    async () => (await tenancy.insight({ days: 1, largest: 10 })).largest,
    () => live.publish({ tenant: null, type: "changed", what: "tenants" }),
  );
  return { basePath, live, operations, sizes, tenancy };
}
