import type { FleetStatus, FleetVersion } from "../core/fleet-status.ts";
import type { MigrationStatus } from "../core/migrator.ts";
import { count, type Style } from "./output.ts";
import { shortList } from "./short-list.ts";
import { type Column, formatTable } from "./table.ts";
import { printable } from "./text-width.ts";

/** Whether every tenant, and the global schema, has what the migrations say. */
export function isFleetCurrent(status: FleetStatus): boolean {
  const { ahead, behind, changed, dirty, failed, global, mismatched } = status;
  const kinds = [ahead, behind, changed, dirty, failed, mismatched];
  return kinds.every((kind) => (kind?.count ?? 0) === 0) && global.every(isApplied);
}

/** Writes the status of a fleet for people: how many are at each version, and who needs something. */
export function formatFleetStatus(status: FleetStatus, style: Style): string {
  const parts = [globalLine(status.global, style)];
  if (status.tenants === 0) return [...parts, "No tenants."].join("\n");
  parts.push(formatVersions(status, style));
  const { ahead, behind, changed, dirty, mismatched } = status;
  const { red, yellow } = style;
  const kinds = [
    ["behind", "Behind", behind, yellow],
    ["ahead", "Ahead, with migrations that are unknown here", ahead, yellow],
    ["with changed files", "Applied from files that were changed since", changed, red],
    ["halfway", "Stopped halfway", dirty, red],
    ["at odds with the registry", "At odds with the registry", mismatched, red],
  ] as const;
  const counts = kinds.flatMap(([word, , kind]) =>
    kind !== null && (word === "behind" || kind.count > 0)
      ? [`${kind.count.toLocaleString("en")} ${word}`]
      : [],
  );
  const failed = `${status.failed.count.toLocaleString("en")} failed`;
  const lines = [
    `${count(status.tenants, "tenant")}: ${[...counts, failed].join(", ")}.`,
    ...kinds.flatMap(([, title, kind, paint]) =>
      kind !== null && kind.count > 0
        ? [paint(`${title}: ${shortList(kind.slugs, kind.count)}.`)]
        : [],
    ),
    ...failedLines(status, style),
  ];
  return [...parts, lines.join("\n")].join("\n\n");
}

function globalLine(global: FleetStatus["global"], style: Style): string {
  const applied = global.filter(isApplied).length;
  const pending = global.filter(({ state }) => state === "pending").length;
  const odd = global.length - applied - pending;
  return (
    `Global schema: ${applied} applied, ${pending} pending` +
    (odd > 0 ? style.red(`, ${odd} changed, missing or stopped halfway (see --global)`) : "") +
    "."
  );
}

function formatVersions({ latestVersion, versions }: FleetStatus, style: Style): string {
  const columns: Column<FleetVersion>[] = [
    { cell: ({ version }) => version ?? "none", title: "VERSION" },
    { align: "right", cell: ({ tenants }) => tenants.toLocaleString("en"), title: "TENANTS" },
    {
      cell: (row) => remarkOf(row, latestVersion),
      style: (text, { ahead, behind }) =>
        ahead + behind > 0 ? style.yellow(text) : style.green(text),
      title: "",
    },
  ];
  return formatTable(versions, columns, { heading: style.bold });
}

function remarkOf(
  { ahead, behind, tenants, version }: FleetVersion,
  latest: string | null,
): string {
  const share = (many: number, word: string): string[] => {
    if (many === 0) return [];
    return [many === tenants ? word : `${many.toLocaleString("en")} ${word}`];
  };
  return [
    ...(version === latest ? ["newest"] : []),
    ...share(behind, "behind"),
    ...share(ahead, "ahead"),
  ].join(", ");
}

function failedLines({ failed }: FleetStatus, style: Style): string[] {
  if (failed.count === 0) return [];
  const names = failed.tenants.map(({ code, slug }) =>
    code === null ? slug : `${slug} (${code})`,
  );
  const [run] = failed.tenants.flatMap((tenant) => tenant.run ?? []);
  const hint = run === undefined ? "" : ` See \`kirayedar runs ${printable(run)}\`.`;
  return [style.red(`Failed: ${shortList(names, failed.count)}.${hint}`)];
}

function isApplied({ state }: MigrationStatus): boolean {
  return state === "applied";
}
