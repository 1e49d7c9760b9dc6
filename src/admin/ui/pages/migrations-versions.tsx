import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import type { MigrationsOverview } from "../../contract.ts";
import { Badge } from "../components/badge.tsx";
import { Button } from "../components/button.tsx";
import { Panel } from "../components/page.tsx";
import { Empty } from "../components/states.tsx";
import { Version } from "../components/values.tsx";
import { formatCount, formatNumber } from "../format.ts";
import { BarList } from "../plots/bar-list.tsx";
import { hrefOf } from "../router.ts";
import { withQuery } from "../api.ts";

const SHOWN = 10;

/** How many tenants are at each version; those of them that are behind in another colour. */
export function MigrationVersions(props: {
  readonly overview: MigrationsOverview;
}): ComponentChildren {
  const { latestVersion, tenants, versions } = props.overview;
  return (
    <Panel title="Versions" aside={formatCount(tenants, "tenant")}>
      {versions.length === 0 ? (
        <Empty title="There are no tenants yet." />
      ) : (
        <BarList
          caption="Tenants at each version"
          titles={["Version", "Tenants"]}
          bars={versions.map(({ ahead, behind, tenants, version }) => ({
            key: version ?? "none",
            label: (
              <a href={hrefOf(withQuery("/tenants", { version: version ?? "none" }))}>
                <Version version={version} />
              </a>
            ),
            marked: behind,
            text: (
              <>
                {formatNumber(tenants)}
                <span class="bars-word">{wordOf({ ahead, behind, latestVersion, version })}</span>
              </>
            ),
            value: tenants,
          }))}
        />
      )}
    </Panel>
  );
}

function wordOf(of: {
  readonly ahead: number;
  readonly behind: number;
  readonly latestVersion: string | null;
  readonly version: string | null;
}): ComponentChildren {
  if (of.ahead > 0) return `${formatNumber(of.ahead)} ahead`;
  if (of.behind > 0) return `${formatNumber(of.behind)} behind`;
  return of.version === of.latestVersion ? "newest" : "";
}

/** Migrations that tenants still lack. */
export function PendingMigrations(props: {
  readonly overview: MigrationsOverview;
}): ComponentChildren {
  const { behind, pending } = props.overview;
  const [isWhole, setWhole] = useState(false);
  if (pending.length === 0) return null;
  const shown = isWhole ? pending : pending.slice(0, SHOWN);
  return (
    <Panel title="Pending" aside={behind.count > 0 && `in ${formatCount(behind.count, "tenant")}`}>
      <ul class="pending">
        {shown.map(({ name, version }) => (
          <li key={version}>
            <Badge state="pending" />
            <span class="migration">
              <code>{version}</code> {name}
            </span>
          </li>
        ))}
      </ul>
      {shown.length < pending.length && (
        <p class="more">
          <Button small kind="ghost" onClick={() => setWhole(true)}>
            Show all {formatNumber(pending.length)}
          </Button>
        </p>
      )}
    </Panel>
  );
}
