// Draws how the fleet's figures grow, from the rows of `npm run bench -- --fleet --json FILE`:
//   node bench/fleet-picture.ts results.json docs/images/fleet-growth.svg
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { drawPanel, type Panel, PANEL_HEIGHT, type Series, WIDTH } from "./fleet-chart.ts";

/** A row as `--json` writes it. */
type FlatRow = Readonly<Record<string, unknown>> & { readonly name: string };

// A page of its own colour: who shows the picture may not have the colours that the system has.
const STYLE = `
text { font: 12px system-ui, sans-serif; fill: #1f2328 }
.page { fill: #ffffff } .title { font-size: 14px; font-weight: 600 }
.note { font-size: 11px; fill: #59636e } .grid { stroke: #d8dee4 } .leader { stroke: #afb8c1 }
.line { fill: none; stroke-width: 1.5 } .line.ours { stroke-width: 2.5 }
.line.ours { stroke: #0a5bd3 } .dot.ours, .label.ours { fill: #0a5bd3 } .label.ours { font-weight: 600 }
.line.floor { stroke: #1f2328; stroke-dasharray: 4 3 } .dot.floor { fill: #1f2328 }
.line.other { stroke: #8c959f } .dot.other { fill: #8c959f } .label.other { fill: #59636e }
@media (prefers-color-scheme: dark) {
text { fill: #f0f6fc } .page { fill: #0d1117 } .note, .label.other { fill: #9198a1 }
.grid { stroke: #30363d } .leader { stroke: #484f58 }
.line.ours { stroke: #6cb0ff } .dot.ours, .label.ours { fill: #6cb0ff }
.line.floor { stroke: #f0f6fc } .dot.floor { fill: #f0f6fc }
.line.other { stroke: #7d8590 } .dot.other { fill: #7d8590 }
}
`;

const [from, to] = process.argv.slice(2);
if (from === undefined || to === undefined) {
  console.error("usage: node bench/fleet-picture.ts RESULTS.json PICTURE.svg");
  process.exitCode = 2;
} else {
  const rows = JSON.parse(readFileSync(from, "utf8")) as FlatRow[];
  mkdirSync(dirname(to), { recursive: true });
  writeFileSync(to, drawPicture(panelsOf(rows)));
}

function panelsOf(rows: readonly FlatRow[]): Panel[] {
  const series = (
    kind: Series["kind"],
    label: string,
    row: string,
    figure: string,
  ): readonly Series[] => {
    const points = pointsOf(rows, row, figure);
    return points.length > 0 ? [{ kind, label, points }] : [];
  };
  const panels: Panel[] = [
    {
      series: [
        ...series("ours", "kirayedar", "fleet/noop", "ms"),
        ...series("floor", "registry read", "fleet/noop", "msRegistryRead"),
      ],
      title: "Nothing to migrate",
      unit: "ms for all tenants, with connecting",
    },
    {
      series: [
        ...series("ours", "kirayedar", "fleet/migrate", "msPerTenant"),
        ...series("floor", "psql", "fleet/migrate", "msPerTenantPsql"),
        ...series("other", "umzug", "fleet/migrate", "msPerTenantUmzug"),
        ...series("other", "typeorm", "fleet/migrate", "msPerTenantTypeorm"),
        ...series("other", "node-pg-migrate", "fleet/migrate", "msPerTenantNodePgMigrate"),
        ...series("other", "knex", "fleet/migrate", "msPerTenantKnex"),
      ],
      title: "A column and an index for every tenant",
      unit: `ms per tenant${peerNote(rows)}`,
    },
    {
      series: [
        ...series("ours", "kirayedar", "fleet/create", "ms"),
        ...series("ours", "ready-made", "fleet/create-ready", "ms"),
        ...series("floor", "psql", "fleet/create", "msPsql"),
      ],
      title: "A new tenant: 20 tables, 40 indexes",
      unit: "ms",
    },
    {
      series: [
        ...series("ours", "queryAll", "fleet/report", "ms"),
        ...series("floor", "one by one", "fleet/report", "msOneByOne"),
      ],
      title: "A report over all tenants",
      unit: "ms",
    },
    {
      series: [
        ...series("ours", "resident", "fleet/memory", "peakMb"),
        ...series("floor", "in use", "fleet/memory", "liveMb"),
      ],
      title: "Memory of the process that migrates",
      unit: "MB; resident at most, and in use at the end",
    },
  ];
  return panels.filter(({ series }) => series.length > 0);
}

/** Says how many tenants the other packages were run on, where that was not all of them. */
function peerNote(rows: readonly FlatRow[]): string {
  const counts = pointsOf(rows, "fleet/migrate", "peerTenants");
  const some = counts.filter(([all, run]) => run < all).map(([, run]) => run);
  if (some.length === 0) return "";
  const range = [...new Set([Math.min(...some), Math.max(...some)])].join(" to ");
  return `; other packages: of the first ${range} tenants`;
}

/** Reads one figure at each number of tenants; a row that was not measured is left out. */
function pointsOf(rows: readonly FlatRow[], row: string, figure: string): Series["points"] {
  const found: (readonly [number, number])[] = [];
  for (const { name, [figure]: value } of rows) {
    const count = name.startsWith(`${row}/`) ? name.slice(row.length + 1) : "";
    if (/^\d+$/.test(count) && typeof value === "number") found.push([Number(count), value]);
  }
  return found.toSorted(([one], [other]) => one - other);
}

function drawPicture(panels: readonly Panel[]): string {
  const height = panels.length * PANEL_HEIGHT + 30;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-labelledby="title desc">`,
    '<title id="title">How the work on all tenants grows with their number</title>',
    `<desc id="desc">${panels.map(describePanel).join(" ")}</desc>`,
    `<style>${STYLE}</style>`,
    `<rect class="page" width="${WIDTH}" height="${height}" rx="8"/>`,
    ...panels.map((panel, index) => drawPanel(panel, index * PANEL_HEIGHT + 6)),
    `<text class="note" x="12" y="${height - 12}">Below the lines: how many tenants. Less is better.</text>`,
    "</svg>",
    "",
  ].join("\n");
}

/** For those who cannot see it. */
function describePanel({ series, title, unit }: Panel): string {
  const texts = series.map(({ label, points }) => {
    const values = points.map(([count, value]) => `${value.toPrecision(3)} at ${count}`);
    return `${label} ${values.join(", ")}`;
  });
  return `${title}, ${unit}: ${texts.join("; ")}.`;
}
