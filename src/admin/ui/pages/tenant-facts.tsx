import type { ComponentChildren } from "preact";
import type { TenantDetails } from "../../contract.ts";
import { Time, Version } from "../components/values.tsx";
import { formatNumber } from "../format.ts";

/** What is known of a tenant, each in a word. */
export function TenantFacts(props: { readonly tenant: TenantDetails }): ComponentChildren {
  const { tenant } = props;
  return (
    <dl class="facts">
      <Fact name="Slug">
        <code>{tenant.slug}</code>
      </Fact>
      <Fact name="Schema">
        <code>{tenant.schemaName}</code>
      </Fact>
      <Fact name="Version">
        <Version version={tenant.version} />
      </Fact>
      <Fact name="Tables">
        {tenant.health === null ? "unknown" : formatNumber(tenant.health.tableCount)}
      </Fact>
      <Fact name="Server">{tenant.server}</Fact>
      <Fact name="Created">
        <Time at={tenant.createdAt} />
      </Fact>
      <Fact name="Changed">
        <Time at={tenant.updatedAt} />
      </Fact>
      <Fact name="Id" isLong>
        <code>{tenant.id}</code>
      </Fact>
      {Object.entries(tenant.extra).map(([column, value]) => (
        <Fact key={column} name={column}>
          {extraText(value)}
        </Fact>
      ))}
    </dl>
  );
}

/** One fact. */
export function Fact(props: {
  readonly name: string;
  /** Too long for a narrow column. */
  readonly isLong?: boolean;
  readonly children: ComponentChildren;
}): ComponentChildren {
  return (
    <div class={props.isLong ? "fact fact-long" : "fact"}>
      <dt>{props.name}</dt>
      <dd>{props.children}</dd>
    </div>
  );
}

function extraText(value: unknown): ComponentChildren {
  if (value === null || value === undefined) return <span class="dim">none</span>;
  if (typeof value === "boolean") return value ? "yes" : "no";
  return typeof value === "string" ? value : JSON.stringify(value);
}
