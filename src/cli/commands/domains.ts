import type { Command } from "commander";
import type { Domain } from "../../core/domains.ts";
import type { Tenancy } from "../../core/tenancy.ts";
import type { Tenant } from "../../core/tenant.ts";
import { action, addCommonOptions, EXIT_FAILED, EXIT_OK } from "../context.ts";
import { formatChallenge, formatCheck, formatDomains } from "../domain-view.ts";
import { showProgress } from "../every-tenant.ts";
import { interruptible } from "../interrupt.ts";
import { positiveInteger, timeSpan } from "../option-parsers.ts";
import { createProgress } from "../progress.ts";
import { printTenantDone } from "../tenant-view.ts";
import { printable } from "../text-width.ts";

/** Most domains that are looked at at a time. */
const MAX_CONCURRENCY = 1000;

interface PrimaryFlag {
  readonly primary?: boolean;
}

interface CheckFlags {
  readonly olderThan?: number;
  readonly limit?: number;
  readonly concurrency?: number;
}

/** Adds `kirayedar domains list`, `claim`, `verify`, `check`, `add`, `remove` and `primary`. */
export function addDomainsCommand(program: Command): void {
  const domains = program
    .command("domains")
    .summary("list, claim, verify, check, add or remove tenants' host names")
    .description(
      "Lists and changes the host names that lead to a tenant, and finds out whose they are.",
    );
  const list = domains
    .command("list <slug>")
    .description("Lists a tenant's domains, those that are served and those it claims.")
    .action(
      action<object, [string]>(async ({ openTenancy, output }, slug) => {
        const found = await (await openTenancy()).listDomains(slug);
        output.result({ domains: found }, () => formatDomains(found, output.style));
        return EXIT_OK;
      }),
    );
  const claim = domains
    .command("claim <slug> <domain>")
    .description(
      "Claims a domain for a tenant, and prints what its owner has to publish. It is served once " +
        "`domains verify` has found that.",
    )
    .option("--primary", "put it in front of the others once it is verified")
    .action(
      looking<PrimaryFlag>(
        (tenancy, { slug, domain, options }) =>
          tenancy.claimDomain(slug, domain, { primary: options.primary === true }),
        ({ state }) => state !== "verified",
      ),
    );
  const verify = domains
    .command("verify <slug> <domain>")
    .description(
      "Looks for what the owner of a claimed domain has to publish, and serves the domain.",
    )
    .action(
      looking(
        (tenancy, { slug, domain }) => tenancy.verifyDomain(slug, domain),
        () => false,
      ),
    );
  for (const command of [list, claim, verify]) addCommonOptions(command);
  addCheck(domains);
  addChanges(domains);
}

function addCheck(domains: Command): void {
  const check = domains
    .command("check")
    .description(
      "Looks again for what the owners of verified domains published. One that has been missing for " +
        "the grace period is no longer served; the command then exits with 1.",
    )
    .option("--older-than <time>", "only those nobody looked at for so long, such as 12h", timeSpan)
    .option("--limit <number>", "so many at most, the longest unseen first", positiveInteger())
    .option(
      "--concurrency <number>",
      "domains at a time (default: 8)",
      positiveInteger(MAX_CONCURRENCY),
    )
    .action(
      action<CheckFlags, []>(async ({ openTenancy, options, output }) => {
        const { concurrency, limit, olderThan } = options;
        const tenancy = await openTenancy();
        const interrupt = interruptible(output, "the domains in hand");
        const progress = createProgress(output, "Checking");
        try {
          const result = await tenancy.checkDomains({
            onProgress: ({ done, last, total }) => {
              const item = { durationMs: 0, ok: true as const, schemaName: "", value: last };
              showProgress(progress, { done, last: { ...item, tenant: last.domain }, total });
            },
            signal: interrupt.signal,
            ...(concurrency !== undefined && { concurrency }),
            ...(limit !== undefined && { limit }),
            ...(olderThan !== undefined && { olderThanMs: olderThan }),
          });
          progress.end();
          output.result(result, () => formatCheck(result, output.style));
          return result.ok ? EXIT_OK : EXIT_FAILED;
        } finally {
          interrupt.end();
        }
      }),
    );
  addCommonOptions(check);
}

function addChanges(domains: Command): void {
  const add = domains
    .command("add <slug> <domain>")
    .description(
      "Adds a domain to a tenant, which is served at once, without a look at whose it is.",
    )
    .option("--primary", "put it in front of the others")
    .action(
      changing<PrimaryFlag>((tenancy, { slug, domain, options }) =>
        tenancy.addDomain(slug, domain, { primary: options.primary === true }),
      ),
    );
  const remove = domains
    .command("remove <slug> <domain>")
    .description("Removes a domain from a tenant, be it served or only claimed.")
    .action(changing((tenancy, { slug, domain }) => tenancy.removeDomain(slug, domain)));
  const primary = domains
    .command("primary <slug> <domain>")
    .description("Puts one of a tenant's domains in front of the others.")
    .action(changing((tenancy, { slug, domain }) => tenancy.setPrimaryDomain(slug, domain)));
  for (const command of [add, remove, primary]) addCommonOptions(command);
}

interface DomainChange<Options> {
  readonly slug: string;
  readonly domain: string;
  readonly options: Options;
}

function looking<Options = object>(
  look: (tenancy: Tenancy, about: DomainChange<Options>) => Promise<Domain>,
  isToPublish: (domain: Domain) => boolean,
): (...received: unknown[]) => Promise<void> {
  return action<Options, [string, string]>(
    async ({ openTenancy, options, output }, slug, domain) => {
      const found = await look(await openTenancy(), { domain, options, slug });
      output.result(found, () =>
        isToPublish(found)
          ? formatChallenge(found, slug, output.style)
          : `${output.style.green("✓")} ${printable(`${found.domain} is ${found.state}, and served for ${slug}`)}`,
      );
      return EXIT_OK;
    },
  );
}

function changing<Options = object>(
  change: (tenancy: Tenancy, about: DomainChange<Options>) => Promise<Tenant>,
): (...received: unknown[]) => Promise<void> {
  return action<Options, [string, string]>(
    async ({ openTenancy, options, output }, slug, domain) => {
      const tenancy = await openTenancy();
      const tenant = await change(tenancy, { domain, options, slug });
      const list = tenant.domains.length === 0 ? "no domains" : tenant.domains.join(", ");
      printTenantDone(output, tenant, `${tenant.slug} now has ${list}`);
      return EXIT_OK;
    },
  );
}
