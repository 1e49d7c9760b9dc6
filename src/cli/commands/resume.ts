import type { Command } from "commander";
import { action, addCommonOptions, EXIT_OK } from "../context.ts";
import { printTenantDone } from "../tenant-view.ts";

/** Adds `kirayedar resume`. */
export function addResumeCommand(program: Command): void {
  const command = program
    .command("resume <slug>")
    .summary("serve a suspended tenant again")
    .description("Serves a tenant again that was suspended or in maintenance.")
    .action(
      action<object, [string]>(async ({ openTenancy, output }, slug) => {
        const tenancy = await openTenancy();
        const tenant = await tenancy.resume(slug);
        printTenantDone(output, tenant, `${tenant.slug} is now in state ${tenant.state}`);
        return EXIT_OK;
      }),
    );
  addCommonOptions(command);
}
