import type { Command } from "commander";
import type { Tenancy, TenantHealth } from "../../core/tenancy.ts";
import { allTenants } from "../all-tenants.ts";
import { action, addCommonOptions, EXIT_FAILED, EXIT_OK } from "../context.ts";
import { summarizeError } from "../error-report.ts";
import { messageOf } from "../json.ts";
import { positiveInteger } from "../option-parsers.ts";
import { count, type Style } from "../output.ts";
import { formatTable } from "../table.ts";
import { stateStyle } from "../tenant-view.ts";

interface HealthFlags {
  readonly concurrency?: number;
}

/** Adds `kirayedar health`. */
export function addHealthCommand(program: Command): void {
  const command = program
    .command("health [slugs...]")
    .summary("look at the schemas of tenants; all, if none are named")
    .description(
      "Looks at the schema of each tenant: whether it is there, what is in it, and whether " +
        "migrations are pending. Tenants that are suspended or in maintenance on purpose are well.",
    )
    .option("--concurrency <number>", "tenants at a time (default: 4)", positiveInteger(1000))
    .action(
      action<HealthFlags, [string[]]>(async ({ openTenancy, options, output }, slugs) => {
        const tenancy = await openTenancy();
        const names = slugs.length > 0 ? toAsync(new Set(slugs)) : fleetSlugs(tenancy);
        const findings = await examine(tenancy, names, options.concurrency ?? 4);
        const ok = findings.every(({ well }) => well);
        output.result({ ok, tenants: findings }, () =>
          formatFindings(findings, { isFleet: slugs.length === 0, style: output.style }),
        );
        return ok ? EXIT_OK : EXIT_FAILED;
      }),
    );
  addCommonOptions(command);
}

interface Finding {
  readonly tenant: string;
  readonly well: boolean;
  readonly health?: TenantHealth;
  readonly error?: Error;
}

async function* toAsync(slugs: Iterable<string>): AsyncGenerator<string, void, undefined> {
  yield* slugs;
}

async function* fleetSlugs(tenancy: Tenancy): AsyncGenerator<string, void, undefined> {
  for await (const { slug, state } of allTenants(tenancy)) if (state !== "archived") yield slug;
}

async function examine(
  tenancy: Tenancy,
  slugs: AsyncGenerator<string, void, undefined>,
  concurrency: number,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  const worker = async (): Promise<void> => {
    // One generator for all workers: each asks it for the next slug when it is free.
    for (let next = await slugs.next(); next.done !== true; next = await slugs.next()) {
      findings.push(await examineOne(tenancy, next.value));
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  return findings.toSorted((a, b) => (a.tenant < b.tenant ? -1 : 1));
}

async function examineOne(tenancy: Tenancy, slug: string): Promise<Finding> {
  try {
    const health = await tenancy.healthCheck(slug);
    const isAway = health.state === "suspended" || health.state === "maintenance";
    const well = health.healthy || (isAway && health.schemaExists && health.pending.length === 0);
    return { health, tenant: health.tenant, well };
  } catch (error) {
    return {
      error: error instanceof Error ? error : new Error(String(error)),
      tenant: slug,
      well: false,
    };
  }
}

function formatFindings(
  findings: readonly Finding[],
  { isFleet, style }: { readonly isFleet: boolean; readonly style: Style },
): string {
  const unwell = findings.filter(({ well }) => !well);
  const summary = `${count(findings.length, "tenant")}: ${findings.length - unwell.length} well, ${unwell.length} not.`;
  const rows = isFleet ? unwell : findings;
  if (rows.length === 0) return `${style.green("✓")} ${summary}`;
  const table = formatTable<Finding>(
    rows,
    [
      { cell: ({ tenant }) => tenant, title: "TENANT" },
      {
        cell: ({ health }) => health?.state,
        style: (text, { health }) => (health ? stateStyle(health.state, style)(text) : text),
        title: "STATE",
      },
      { cell: ({ health }) => health?.schemaName, title: "SCHEMA" },
      { align: "right", cell: ({ health }) => health?.tableCount, title: "TABLES" },
      { cell: ({ health }) => health?.version, title: "VERSION" },
      {
        cell: diagnosis,
        style: (text, { well }) => (well ? style.green(text) : style.red(text)),
        title: "FINDING",
      },
    ],
    { heading: style.bold },
  );
  return `${table}\n\n${summary}`;
}

function diagnosis({ error, health, well }: Finding): string {
  if (error !== undefined) {
    return error.cause === undefined ? messageOf(error) : summarizeError(error);
  }
  if (health === undefined || well) return "well";
  if (health.state === "renaming") return "half renamed; repeat `kirayedar rename`";
  if (!health.schemaExists) return "the schema is missing";
  if (health.pending.length > 0) return `pending: ${health.pending.join(", ")}`;
  if (health.state !== "active") return `in state ${health.state}`;
  return "a migration was changed, is missing or stopped halfway; see `kirayedar status`";
}
