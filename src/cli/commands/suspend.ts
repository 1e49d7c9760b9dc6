import type { Command } from "commander";
import { action, addCommonOptions, EXIT_OK } from "../context.ts";
import { printTenantDone } from "../tenant-view.ts";

interface SuspendFlags {
  readonly maintenance?: boolean;
}

/** Adds `kirayedar suspend`. */
export function addSuspendCommand(program: Command): void {
  const command = program
    .command("suspend <slug>")
    .summary("stop serving a tenant; its data stay")
    .description("Stops serving a tenant until `kirayedar resume`. Its data stay.")
    .option("--maintenance", "answer its requests with 503 instead of 403")
    .action(
      action<SuspendFlags, [string]>(async ({ openTenancy, options, output }, slug) => {
        const tenancy = await openTenancy();
        const tenant =
          options.maintenance === true
            ? await tenancy.startMaintenance(slug)
            : await tenancy.suspend(slug);
        printTenantDone(output, tenant, `${tenant.slug} is now in state ${tenant.state}`);
        return EXIT_OK;
      }),
    );
  addCommonOptions(command);
}
