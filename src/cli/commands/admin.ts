import { createInterface } from "node:readline";
import { type Command, InvalidArgumentError, Option } from "commander";
import { actorOf } from "../actor.ts";
import { isLoopback } from "../admin/hosts.ts";
import { openBrowser } from "../admin/open-browser.ts";
import type { ServedAdmin } from "../admin/serve-admin.ts";
import { action, addCommonOptions, EXIT_OK } from "../context.ts";
import { interruptible } from "../interrupt.ts";
import type { Output } from "../output.ts";
import { usageError } from "../usage-error.ts";

interface AdminFlags {
  readonly as?: string;
  readonly port: number;
  readonly host: string;
  readonly expose?: boolean;
  readonly open?: boolean;
  readonly readOnly?: boolean;
}

/** Adds `kirayedar admin`. */
export function addAdminCommand(program: Command): void {
  const command = program
    .command("admin")
    .summary("serve the admin console on this machine")
    .description(
      "Serves the admin console on this machine, until Ctrl-C. It prints a link that works once, within " +
        "five minutes; Enter makes another one.",
    )
    .addOption(
      new Option("--port <port>", "port; 0 takes one that is free")
        .argParser(portNumber)
        .default(0),
    )
    .option("--host <address>", "address to listen on", "127.0.0.1")
    .option("--expose", "allow an address that other machines can reach, without encryption")
    .option("--open", "open the link in the browser")
    .option("--read-only", "let nothing be changed")
    .action(
      action<AdminFlags, []>(async ({ openTenancy, options, output }) => {
        const { as, expose, host, open, port, readOnly } = options;
        if (!isLoopback(host) && expose !== true) {
          throw usageError(
            `Other machines can reach ${host}, and all that goes there can be read on the way. ` +
              "If that is meant, add `--expose`.",
          );
        }
        const tenancy = await openTenancy();
        // What is missing is said here, and not on every page.
        await tenancy.list({ limit: 1 });
        const { serveAdmin } = await import("../admin/serve-admin.ts");
        const { id: person } = actorOf(as, process.env);
        const isReadOnly = readOnly === true;
        const served = await serveAdmin(tenancy, { host, isReadOnly, person, port });
        const link = served.newLink();
        output.result({ url: link }, () => link);
        output.note("It works once, within 5 minutes. Enter makes another link, Ctrl-C ends.");
        if (open === true)
          openBrowser(link, () =>
            output.note("No browser could be opened: open the link yourself."),
          );
        await serveUntilStopped(served, output);
        return EXIT_OK;
      }),
    );
  addCommonOptions(command);
}

async function serveUntilStopped(served: ServedAdmin, output: Output): Promise<void> {
  const interrupt = interruptible(output, "what is being changed");
  const { signal } = interrupt;
  const lines = createInterface({ input: process.stdin });
  lines.on("line", () => output.note(served.newLink()));
  try {
    await new Promise<void>((resolve) => {
      signal.addEventListener("abort", () => resolve(), { once: true });
      if (signal.aborted) resolve();
    });
  } finally {
    lines.close();
    process.stdin.destroy();
    await served.close();
    interrupt.end();
  }
}

function portNumber(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65_535) return port;
  throw new InvalidArgumentError("It must be a whole number from 0 to 65535.");
}
