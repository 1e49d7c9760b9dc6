import type { Command } from "commander";
import type { Tenancy } from "../../core/tenancy.ts";
import type { Tenant } from "../../core/tenant.ts";
import { action, addCommonOptions, EXIT_OK } from "../context.ts";
import { printTenantDone } from "../tenant-view.ts";

interface AddFlags {
  readonly primary?: boolean;
}

/** Adds `kirayedar domains add`, `remove` and `primary`. */
export function addDomainsCommand(program: Command): void {
  const domains = program
    .command("domains")
    .summary("add, remove or reorder a tenant's host names")
    .description("Adds, removes or reorders the host names that lead to a tenant.");
  const add = domains
    .command("add <slug> <domain>")
    .description("Adds a domain to a tenant.")
    .option("--primary", "put it in front of the others")
    .action(
      changing<AddFlags>((tenancy, { slug, domain, options }) =>
        tenancy.addDomain(slug, domain, { primary: options.primary === true }),
      ),
    );
  const remove = domains
    .command("remove <slug> <domain>")
    .description("Removes a domain from a tenant.")
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
