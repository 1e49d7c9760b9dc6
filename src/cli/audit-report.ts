import type { AuditEntry, AuditPage } from "../core/audit.ts";
import { count, duration, type Style } from "./output.ts";
import { type Column, formatTable } from "./table.ts";

/** Writes entries of the audit log as a table, the newest first. */
export function formatAudit({ entries, nextCursor }: AuditPage, style: Style): string {
  if (entries.length === 0) return "No changes were recorded.";
  const columns: Column<AuditEntry>[] = [
    { cell: ({ at }) => at.toISOString(), title: "BEGAN" },
    { cell: ({ actor }) => actor.id, title: "WHO" },
    { cell: ({ actor }) => actor.via, title: "VIA" },
    { cell: ({ action }) => action, title: "WHAT" },
    { cell: ({ tenant }) => tenant, title: "TENANT" },
    { cell: resultText, style: (text, entry) => resultStyle(entry, style)(text), title: "RESULT" },
    {
      align: "right",
      cell: ({ durationMs }) => (durationMs === null ? null : duration(durationMs)),
      title: "TOOK",
    },
    { cell: ({ details }) => detailsText(details), title: "DETAILS" },
  ];
  const more = nextCursor === undefined ? "." : `; there are older ones: --cursor ${nextCursor}.`;
  const table = formatTable(entries, columns, { heading: style.bold });
  return `${table}\n\n${style.dim(count(entries.length, "change") + more)}`;
}

/** One that has not ended runs still, or its process died: the log cannot know which. */
function resultText({ errorCode, outcome }: AuditEntry): string {
  if (outcome === "begun") return "not ended";
  return errorCode === null ? outcome : `${outcome}: ${errorCode}`;
}

function resultStyle({ outcome }: AuditEntry, style: Style): (text: string) => string {
  if (outcome === "done") return style.green;
  return outcome === "begun" ? style.yellow : style.red;
}

/** Writes details on one line, as `name=value`. */
function detailsText(details: AuditEntry["details"]): string {
  return Object.entries(details)
    .filter(([, value]) => value !== null || value === "")
    .map(([name, value]) => `${name}=${typeof value === "string" ? value : JSON.stringify(value)}`)
    .join(" ");
}
