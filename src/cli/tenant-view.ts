import type { Tenant, TenantState } from "../core/tenant.ts";
import type { Column } from "./table.ts";
import type { Output, Style } from "./output.ts";
import { printable, textWidth } from "./text-width.ts";

/** Columns of a table of tenants. */
export function tenantColumns(style: Style): Column<Tenant>[] {
  return [
    { cell: (tenant) => tenant.slug, title: "SLUG" },
    { cell: (tenant) => tenant.name, title: "NAME" },
    {
      cell: (tenant) => tenant.state,
      style: (text, tenant) => stateStyle(tenant.state, style)(text),
      title: "STATE",
    },
    { cell: (tenant) => tenant.version, title: "VERSION" },
    { cell: (tenant) => tenant.schemaName, title: "SCHEMA" },
    { cell: (tenant) => tenant.domains.join(", "), title: "DOMAINS" },
  ];
}

/** Returns the colour of a state: green serves, yellow does not at present, red needs somebody. */
export function stateStyle(state: TenantState, style: Style): (text: string) => string {
  if (state === "active") return style.green;
  return state === "failed" || state === "dropping" ? style.red : style.yellow;
}

/** Writes names and values in two aligned columns; those without a value are left out. */
export function formatFields(
  fields: Readonly<Record<string, string | number | null | undefined>>,
  style: Style,
): string {
  const shown = Object.entries(fields).filter(([, value]) => value !== null && value !== undefined);
  const width = Math.max(0, ...shown.map(([name]) => textWidth(name)));
  return shown
    .map(([name, value]) => `${style.dim(name.padEnd(width))}  ${printable(String(value))}`)
    .join("\n");
}

/** Writes one tenant with everything known about it. */
export function formatTenant(tenant: Tenant, style: Style): string {
  const extra = Object.entries(tenant.extra).map(([name, value]) => [name, extraText(value)]);
  return formatFields(
    {
      slug: tenant.slug,
      name: tenant.name,
      state: tenant.state,
      id: tenant.id,
      schema: tenant.schemaName,
      version: tenant.version,
      server: tenant.server,
      domains: tenant.domains.length > 0 ? tenant.domains.join(", ") : null,
      created: tenant.createdAt.toISOString(),
      updated: tenant.updatedAt.toISOString(),
      ...(Object.fromEntries(extra) as Record<string, string>),
    },
    style,
  );
}

function extraText(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  if (typeof value === "string") return value;
  if (value instanceof Date) return value.toISOString();
  return typeof value === "bigint" ? value.toString() : JSON.stringify(value);
}

/** Prints what was done to one tenant: a line for people, the tenant itself with `--json`. */
export function printTenantDone(output: Output, tenant: Tenant, done: string): void {
  output.result(tenant, () => `${output.style.green("✓")} ${printable(done)}`);
}
