import { type Command, InvalidArgumentError, Option } from "commander";
import type { AuditOptions, AuditOutcome } from "../../core/audit.ts";
import type { Tenancy } from "../../core/tenancy.ts";
import { isTenancyError } from "../../errors/tenancy-error.ts";
import { formatAudit } from "../audit-report.ts";
import { MAX_PAGE_SIZE } from "../all-tenants.ts";
import { confirm, requireConfirmable } from "../confirm.ts";
import { action, addCommonOptions, EXIT_OK } from "../context.ts";
import { positiveInteger } from "../option-parsers.ts";
import { count } from "../output.ts";

interface AuditFlags {
  readonly tenant?: string;
  readonly actor?: string;
  readonly action?: string;
  readonly failed?: boolean;
  readonly unfinished?: boolean;
  readonly limit?: number;
  readonly cursor?: string;
  readonly prune?: number;
  readonly yes?: boolean;
}

const DAY_MS = 86_400_000;

/** Adds `kirayedar audit`. */
export function addAuditCommand(program: Command): void {
  const command = program
    .command("audit")
    .summary("tell who changed what")
    .description(
      "Lists the changes that were recorded, the newest first: who made them, when, and what came of it.",
    )
    .option("--tenant <slug>", "only those about this tenant, also under names it had before")
    .option("--actor <name>", "only this person's")
    .option("--action <name>", "only this operation, such as tenant.drop")
    .addOption(new Option("--failed", "only those that failed").conflicts("unfinished"))
    .option("--unfinished", "only those that run still, or whose process died")
    .option("--limit <number>", "how many (default: 100)", positiveInteger(MAX_PAGE_SIZE))
    .option("--cursor <cursor>", "go on where the page before ended")
    .addOption(
      new Option("--prune <days>", "delete those that are older, and list none")
        .argParser(days)
        .conflicts(["tenant", "actor", "action", "failed", "unfinished", "limit", "cursor"]),
    )
    .option("--yes", "with --prune: do not ask")
    .action(
      action<AuditFlags, []>(async ({ openTenancy, options, output }) => {
        const { prune } = options;
        if (prune !== undefined) requireConfirmable("audit --prune", options);
        const tenancy = await openTenancy();
        if (prune !== undefined) {
          const message = `Delete what was recorded more than ${count(prune, "day")} ago?`;
          if (options.yes !== true) await confirm({ message });
          const deleted = await tenancy.pruneAudit({ olderThanMs: prune * DAY_MS });
          output.result({ deleted }, () => `${count(deleted, "change")} deleted.`);
          return EXIT_OK;
        }
        const page = await tenancy.audit(await toAuditOptions(tenancy, options));
        const { entries, nextCursor } = page;
        output.result({ entries, nextCursor: nextCursor ?? null }, () =>
          formatAudit(page, output.style),
        );
        return EXIT_OK;
      }),
    );
  addCommonOptions(command);
}

async function toAuditOptions(tenancy: Tenancy, flags: AuditFlags): Promise<AuditOptions> {
  const { action: name, actor, cursor, failed, limit, tenant, unfinished } = flags;
  const outcome: AuditOutcome | undefined =
    failed === true ? "failed" : unfinished === true ? "begun" : undefined;
  return {
    ...(name !== undefined && { action: name }),
    ...(actor !== undefined && { actor }),
    ...(cursor !== undefined && { cursor }),
    ...(limit !== undefined && { limit }),
    ...(outcome !== undefined && { outcome }),
    ...(tenant !== undefined && (await whichTenant(tenancy, tenant))),
  };
}

/** A tenant that is gone is found by the slug that it had. */
async function whichTenant(
  tenancy: Tenancy,
  slug: string,
): Promise<Pick<AuditOptions, "tenant" | "tenantId">> {
  try {
    const { id } = await tenancy.get(slug);
    return { tenantId: id };
  } catch (error) {
    if (isTenancyError(error, "TENANT_NOT_FOUND")) return { tenant: slug };
    throw error;
  }
}

function days(text: string): number {
  const number = Number(text);
  if (/^\d{1,5}$/.test(text) && number <= 36_500) return number;
  throw new InvalidArgumentError("It must be a whole number of days, from 0 to 36500.");
}
