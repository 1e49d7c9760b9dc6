import type { Command } from "commander";
import { action, addCommonOptions, EXIT_OK } from "../context.ts";
import { formatTenant } from "../tenant-view.ts";

/** Adds `kirayedar show`. */
export function addShowCommand(program: Command): void {
  const command = program
    .command("show <slug>")
    .summary("show one tenant")
    .description("Shows everything that the registry knows about one tenant.")
    .action(
      action<object, [string]>(async ({ openTenancy, output }, slug) => {
        const tenancy = await openTenancy();
        const tenant = await tenancy.get(slug);
        output.result(tenant, () => formatTenant(tenant, output.style));
        return EXIT_OK;
      }),
    );
  addCommonOptions(command);
}
