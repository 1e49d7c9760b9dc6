import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import type {
  AuditList,
  MigrationList,
  Operation,
  TableList,
  TenantAction,
  TenantDetails,
} from "../../contract.ts";
import { type ApiError, path } from "../api.ts";
import { Page } from "../components/page.tsx";
import { Empty, ErrorBox, Skeleton } from "../components/states.tsx";
import { showToast } from "../components/toast.tsx";
import { useResource, whenAuditChanges, whenTenantsChange } from "../resource.ts";
import { hrefOf, navigate, type PageProps } from "../router.ts";
import { TenantActionList } from "./tenant-action-list.tsx";
import { TenantDialog, UNASKED } from "./tenant-dialogs.tsx";
import { TenantDomains } from "./tenant-domains.tsx";
import { TenantEvents } from "./tenant-events.tsx";
import { TenantFacts } from "./tenant-facts.tsx";
import { TenantAbove, TenantHeading, TenantHosts, TenantName } from "./tenant-header.tsx";
import { TenantMigrations } from "./tenant-migrations.tsx";
import { useTenantWork } from "./tenant-operation.ts";
import { useRunFailure } from "./tenant-run-failure.ts";
import { TenantProblems } from "./tenant-problem-list.tsx";
import { tenantProblems } from "./tenant-problems.ts";
import { TenantProgress } from "./tenant-progress.tsx";
import { TenantTables } from "./tenant-tables.tsx";

/** One tenant: what is wrong with it, what it has, what was done and what can be done with it. */
export function TenantPage(props: PageProps): ComponentChildren {
  const slug = props.params["slug"] ?? "";
  const live = whenTenantsChange(slug);
  const details = useResource<TenantDetails>(path`tenants/${slug}`, { live });
  const { data: tenant, error } = details;
  if (tenant !== undefined) {
    return <KnownTenant tenant={tenant} stale={error} onReload={details.reload} />;
  }
  if (error?.status === 404) return <NoTenant slug={slug} />;
  return (
    <Page title={slug} above={<TenantAbove slug={slug} />}>
      {error === undefined ? (
        <Skeleton lines={8} isTall />
      ) : (
        <ErrorBox title="The tenant could not be read" error={error} onRetry={details.reload} />
      )}
    </Page>
  );
}

function NoTenant(props: { readonly slug: string }): ComponentChildren {
  return (
    <Page title={props.slug} above={<TenantAbove slug={props.slug} />}>
      <Empty title={`There is no tenant called ${props.slug}.`}>
        <p>
          It may have been dropped or renamed since: the{" "}
          <a href={hrefOf(`/audit?tenant=${encodeURIComponent(props.slug)}`)}>audit log</a> knows,
          and the <a href={hrefOf("/tenants")}>list</a> has those that there are.
        </p>
      </Empty>
    </Page>
  );
}

function KnownTenant(props: {
  readonly tenant: TenantDetails;
  /** Why it could not be read anew. */
  readonly stale: ApiError | undefined;
  readonly onReload: () => void;
}): ComponentChildren {
  const { tenant, onReload } = props;
  const { slug } = tenant;
  const live = whenTenantsChange(slug);
  const migrations = useResource<MigrationList>(path`tenants/${slug}/migrations`, { live });
  const tables = useResource<TableList>(path`tenants/${slug}/tables`, { live });
  const events = useResource<AuditList>(`${path`tenants/${slug}/events`}?limit=8`, {
    live: whenAuditChanges,
  });
  const [asking, setAsking] = useState<TenantAction | null>(null);
  const readAgain = (): void => {
    for (const read of [{ reload: onReload }, migrations, tables, events]) read.reload();
  };
  const work = useTenantWork(slug, (operation, asked) => {
    const isGone = leave(operation, { newSlug: asked?.slug, slug });
    if (!isGone) readAgain();
  });
  const problems = tenantProblems(tenant, {
    failure: useRunFailure(slug, (tenant.health?.pending.length ?? 0) > 0),
    isBusy: work.isBusy,
    migrations: migrations.data?.migrations ?? null,
  });
  const act = (action: TenantAction): void => {
    if (UNASKED.has(action)) work.tryTo(action);
    else setAsking(action);
  };
  // While it is dropped or renamed from here, what comes after is known better than what is read.
  if (props.stale?.status === 404 && !work.isBusy) return <NoTenant slug={slug} />;
  return (
    <Page
      title={slug}
      heading={<TenantHeading tenant={tenant} />}
      above={<TenantAbove slug={slug} />}
      intro={<TenantHosts tenant={tenant} />}
      actions={<TenantName tenant={tenant} onChanged={readAgain} />}
    >
      <div class="tenant">
        {props.stale && props.stale.status !== 404 && (
          <ErrorBox title="What you see may be old" error={props.stale} onRetry={onReload} />
        )}
        <TenantProgress work={work} />
        <TenantProblems problems={problems} tenant={tenant} isBusy={work.isBusy} onAction={act} />
        <TenantFacts tenant={tenant} />
        <div class="tenant-columns">
          <div class="tenant-side">
            <TenantActionList tenant={tenant} isBusy={work.isBusy} onAction={act} />
          </div>
          <div class="tenant-main">
            <TenantMigrations list={migrations} />
            <TenantDomains slug={slug} domains={tenant.domainList} onChanged={readAgain} />
            <TenantTables list={tables} />
            <TenantEvents slug={slug} list={events} />
          </div>
        </div>
      </div>
      {asking && (
        <TenantDialog
          action={asking}
          tenant={tenant}
          work={work}
          migrations={migrations.data?.migrations ?? null}
          tables={tables.data?.tables ?? null}
          onClose={() => setAsking(null)}
        />
      )}
    </Page>
  );
}

/** Goes where the tenant is now, if it is not here any more. */
function leave(
  operation: Operation,
  to: { readonly newSlug: string | undefined; readonly slug: string },
): boolean {
  if (operation.state !== "done") return false;
  if (operation.action === "tenant.drop") {
    showToast(operation.summary ?? `Dropped ${to.slug}.`);
    navigate("/tenants", { replace: true });
    return true;
  }
  if (operation.action !== "tenant.rename" || to.newSlug === undefined) return false;
  showToast(operation.summary ?? `Renamed ${to.slug} to ${to.newSlug}.`);
  if (to.newSlug === to.slug) return false;
  navigate(`/tenants/${encodeURIComponent(to.newSlug)}`, { replace: true });
  return true;
}
