import { isAbsolute, relative } from "node:path";
import type { FleetItem, FleetResult } from "../core/fleet.ts";
import type { Migration } from "../core/migrator.ts";
import { shortList } from "./short-list.ts";
import type { Style } from "./output.ts";
import { type Column, formatTable } from "./table.ts";
import { printable } from "./text-width.ts";

/** Tenants to which the same is done. */
export interface VersionGroup {
  /** Version that they were at before; `undefined` where nobody looked. */
  readonly from: string | null | undefined;
  /** Versions that were applied or undone, in that order. */
  readonly versions: readonly string[];
  /** Their slugs, in order. */
  readonly slugs: readonly string[];
}

/** Groups tenants by what is done to them, the largest group first; those that failed are left out. */
export function groupByVersions(items: readonly FleetItem[]): VersionGroup[] {
  const groups = new Map<string, VersionGroup & { readonly slugs: string[] }>();
  for (const item of items) {
    if (!item.ok || item.versions.length === 0) continue;
    const { fromVersion: from, tenant, versions } = item;
    const key = JSON.stringify([from, versions]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { from, slugs: [tenant], versions });
    else group.slugs.push(tenant);
  }
  return [...groups.values()]
    .map((group) => ({ ...group, slugs: group.slugs.toSorted() }))
    .toSorted((a, b) => b.slugs.length - a.slugs.length);
}

const SHOWN_VERSIONS = 3;

/** Writes groups as a table: where they are, what is done, how many, and who. */
export function formatGroups(groups: readonly VersionGroup[], style: Style): string {
  const from: Column<VersionGroup> = { cell: (row) => row.from ?? "none", title: "FROM" };
  const columns: Column<VersionGroup>[] = [
    ...(groups.some((group) => group.from !== undefined) ? [from] : []),
    { cell: ({ versions }) => shortVersions(versions), title: "VERSIONS" },
    { align: "right", cell: ({ slugs }) => slugs.length.toLocaleString("en"), title: "TENANTS" },
    { cell: ({ slugs }) => shortList(slugs), title: "SLUGS" },
  ];
  return formatTable(groups, columns, { heading: style.bold });
}

function shortVersions(versions: readonly string[]): string {
  if (versions.length <= SHOWN_VERSIONS) return versions.join(", ");
  return `${versions[0]} … ${versions.at(-1)} (${versions.length})`;
}

/** Writes a dry run: who gets what, and then what that is, each migration once. */
export function formatPlan(
  { pending = [], results }: FleetResult,
  verb: "migrate" | "rollback",
  style: Style,
): string | undefined {
  const groups = groupByVersions(results);
  if (groups.length === 0) return undefined;
  const texts = verb === "rollback" ? pending.toReversed() : pending;
  return [
    formatGroups(groups, style),
    ...texts.map((migration) => formatMigration(migration, verb, style)),
  ].join("\n\n");
}

function formatMigration(migration: Migration, verb: "migrate" | "rollback", style: Style): string {
  const { file, name, phase = "expand", transaction = true, version } = migration;
  const body = bodyOf(migration, verb);
  const remarks = [
    ...(verb === "rollback" ? ["undone"] : []),
    ...(phase === "contract" ? ["contract"] : []),
    ...(transaction ? [] : ["outside a transaction"]),
  ];
  const about = remarks.length > 0 ? ` (${remarks.join(", ")})` : "";
  const title = style.bold(printable(`-- ${nearPath(file ?? `${version}_${name}`)}${about}`));
  if (typeof body !== "string") return `${title}\n-- A function: what it runs is in its file.`;
  return `${title}\n${printable(body.trim(), "many")}`;
}

/** Files below the working directory are read more easily without it. */
function nearPath(file: string): string {
  const near = isAbsolute(file) ? relative(process.cwd(), file) : file;
  return near.startsWith("..") ? file : near;
}

/** Returns the migrations of a dry run as data. */
export function toPlanDocument(
  pending: readonly Migration[],
  verb: "migrate" | "rollback",
): readonly object[] {
  return pending.map((migration) => {
    const { file, name, phase = "expand", transaction = true, version } = migration;
    const body = bodyOf(migration, verb);
    const isFunction = typeof body === "function";
    const sql = typeof body === "string" ? body.trim() : null;
    return { file: file ?? null, isFunction, name, phase, sql, transaction, version };
  });
}

function bodyOf({ down, up }: Migration, verb: "migrate" | "rollback"): Migration["down"] {
  return verb === "migrate" ? up : down;
}
