import type { AdoptedObject, AdoptResult, LeftObject, NamedMigration } from "../core/adopt.ts";
import type { Style } from "./output.ts";
import { formatTable } from "./table.ts";
import { printable } from "./text-width.ts";

/** Writes what was adopted, or would be: what moves, what stays, and which migrations count as applied. */
export function formatAdoption(result: AdoptResult, style: Style): string {
  const { adopted, from, how, left, pending, recorded, schemaName, slug, tenant } = result;
  const heading = { heading: style.bold };
  const said =
    how === "move" ? `moved from ${from} to ${schemaName}` : `the schema ${from} as it is`;
  const first =
    tenant === null
      ? `Would make the tenant ${slug}: ${said}.`
      : `${style.green("✓")} ${slug} is ${tenant.state}: ${said}.`;
  const parts = [
    printable(first),
    formatTable<AdoptedObject>(
      adopted,
      [
        { cell: ({ kind }) => kind, title: how === "move" ? "MOVED" : "ADOPTED" },
        { cell: ({ name }) => name, title: "NAME" },
      ],
      heading,
    ),
  ];
  if (left.length > 0) {
    parts.push(
      formatTable<LeftObject>(
        left,
        [
          { cell: ({ kind }) => kind, title: "LEFT" },
          { cell: ({ name }) => name, title: "NAME" },
          { cell: ({ reason }) => reason, title: "BECAUSE IT" },
        ],
        heading,
      ),
    );
  }
  const migrations = [
    ...recorded.map((one) => ({ ...one, state: "applied" })),
    ...pending.map((one) => ({ ...one, state: "pending" })),
  ];
  if (migrations.length > 0) {
    parts.push(
      formatTable<NamedMigration & { readonly state: string }>(
        migrations,
        [
          { cell: ({ version }) => version, title: "MIGRATION" },
          { cell: ({ name }) => name, title: "NAME" },
          { cell: ({ state }) => state, title: "STATE" },
        ],
        heading,
      ),
    );
  }
  return parts.join("\n\n");
}
