import { type Command, Option } from "commander";
import type { ListOptions, TenantPage } from "../../core/registry.ts";
import type { Tenancy } from "../../core/tenancy.ts";
import type { Tenant, TenantState } from "../../core/tenant.ts";
import { allTenants, MAX_PAGE_SIZE } from "../all-tenants.ts";
import { action, addCommonOptions, EXIT_OK } from "../context.ts";
import { positiveInteger, states } from "../option-parsers.ts";
import { count, type Style } from "../output.ts";
import { formatTable } from "../table.ts";
import { tenantColumns } from "../tenant-view.ts";

interface ListFlags {
  readonly state?: readonly TenantState[];
  readonly search?: string;
  readonly version?: string;
  readonly limit?: number;
  readonly cursor?: string;
  readonly all?: boolean;
}

/** Adds `kirayedar list`. */
export function addListCommand(program: Command): void {
  const command = program
    .command("list")
    .summary("list tenants, by slug")
    .description("Lists tenants, by slug.")
    .option("--state <states>", "only in these states, with commas between them", states)
    .option("--search <text>", "only if the slug or the name contains this")
    .option("--version <version>", "only at this migration version; `none` for those without")
    .option("--limit <number>", "how many (default: 100)", positiveInteger(MAX_PAGE_SIZE))
    .option("--cursor <cursor>", "go on where the page before ended")
    .addOption(new Option("--all", "every page").conflicts(["limit", "cursor"]))
    .action(
      action<ListFlags, []>(async ({ openTenancy, options, output }) => {
        const tenancy = await openTenancy();
        const filter = toListOptions(options);
        const { tenants, nextCursor } =
          options.all === true ? await everyPage(tenancy, filter) : await tenancy.list(filter);
        output.result({ nextCursor: nextCursor ?? null, tenants }, () =>
          formatPage(tenants, nextCursor, output.style),
        );
        return EXIT_OK;
      }),
    );
  addCommonOptions(command);
}

async function everyPage(tenancy: Tenancy, filter: ListOptions): Promise<TenantPage> {
  const tenants: Tenant[] = [];
  for await (const tenant of allTenants(tenancy, filter)) tenants.push(tenant);
  return { nextCursor: undefined, tenants };
}

function toListOptions({ cursor, limit, search, state, version }: ListFlags): ListOptions {
  return {
    ...(state !== undefined && { state }),
    ...(search !== undefined && { search }),
    ...(version !== undefined && { version: version === "none" ? null : version }),
    ...(limit !== undefined && { limit }),
    ...(cursor !== undefined && { cursor }),
  };
}

function formatPage(
  tenants: readonly Tenant[],
  nextCursor: string | undefined,
  style: Style,
): string {
  if (tenants.length === 0) return "No tenants.";
  const more =
    nextCursor === undefined ? "." : `; there are more: --cursor ${nextCursor}, or --all.`;
  const table = formatTable(tenants, tenantColumns(style), { heading: style.bold });
  return `${table}\n\n${style.dim(count(tenants.length, "tenant") + more)}`;
}
