import type { Command } from "commander";
import { action, addCommonOptions, EXIT_OK } from "../context.ts";
import { interruptible } from "../interrupt.ts";
import { count } from "../output.ts";

/** Adds `kirayedar provision`. */
export function addProvisionCommand(program: Command): void {
  const command = program
    .command("provision")
    .summary("make schemas ready for tenants to come")
    .description(
      "Brings the ready-made schemas up to date and to their number, which is `provisioning.ready` " +
        "in the configuration.",
    )
    .action(
      action<object, []>(async ({ openTenancy, output }) => {
        const tenancy = await openTenancy();
        const interrupt = interruptible(output, "this schema");
        try {
          const refilled = await tenancy.provision(interrupt);
          output.result(refilled ?? { busy: true }, () =>
            refilled === null
              ? "Another process is making schemas ready."
              : `${count(refilled.ready, "schema")} ready: ${refilled.made} made, ${refilled.removed} removed.`,
          );
          return EXIT_OK;
        } finally {
          interrupt.end();
        }
      }),
    );
  addCommonOptions(command);
}
