import type { ComponentChildren } from "preact";
import type { TenantSummary } from "../../contract.ts";
import { Badge, Mark } from "../components/badge.tsx";
import type { Column } from "../components/table.tsx";
import { Dash, Time, Version } from "../components/values.tsx";
import { tenantHref } from "./tenant-list-query.ts";

/** The columns of the tenants list. */
export function tenantColumns(options: {
  readonly latestVersion: string | null;
  readonly hasServers: boolean;
}): readonly Column<TenantSummary>[] {
  const { latestVersion, hasServers } = options;
  return [
    {
      key: "slug",
      title: "Slug",
      isSortable: true,
      cell: ({ slug }) => (
        <a class="mono cell-short cell-slug" title={slug} href={tenantHref(slug)}>
          {slug}
        </a>
      ),
    },
    {
      key: "name",
      title: "Name",
      isSortable: true,
      cell: ({ name }) => (name === null ? <Dash /> : <NameCell name={name} />),
    },
    { key: "state", title: "State", isBeside: true, cell: ({ state }) => <Badge state={state} /> },
    {
      key: "version",
      title: "Version",
      cell: ({ version }) => (
        <span class="cell-version">
          <Version version={version} />
          {latestVersion !== null && version !== latestVersion && (
            <span class="cell-old" title={`The latest is ${latestVersion}`}>
              <Mark tone="warn" />
              <span class="unseen">not the latest</span>
            </span>
          )}
        </span>
      ),
    },
    {
      key: "domains",
      title: "Domains",
      isExtra: true,
      cell: ({ domains }) => <Domains domains={domains} />,
    },
    ...(hasServers
      ? [{ key: "server", title: "Server", cell: ({ server }: TenantSummary) => server }]
      : []),
    {
      key: "createdAt",
      title: "Created",
      isSortable: true,
      isNumeric: true,
      cell: ({ createdAt }) => <Time at={createdAt} />,
    },
    {
      key: "updatedAt",
      title: "Changed",
      isSortable: true,
      isNumeric: true,
      isExtra: true,
      cell: ({ updatedAt }) => <Time at={updatedAt} />,
    },
  ];
}

function NameCell(props: { readonly name: string }): ComponentChildren {
  return (
    <span class="cell-short" dir="auto" title={props.name}>
      {props.name}
    </span>
  );
}

function Domains(props: { readonly domains: readonly string[] }): ComponentChildren {
  const [first, ...others] = props.domains;
  if (first === undefined) return <Dash />;
  return (
    <span class="cell-domains" title={props.domains.join("\n")}>
      <span class="cell-short">{first}</span>
      {others.length > 0 && <span class="dim">+{others.length}</span>}
    </span>
  );
}
