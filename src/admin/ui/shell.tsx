import type { ComponentChildren, ComponentType } from "preact";
import { useCallback, useState } from "preact/hooks";
import { Page } from "./components/page.tsx";
import { Empty } from "./components/states.tsx";
import { ToastRegion } from "./components/toast.tsx";
import { NavBar, StatusBar } from "./navigation.tsx";
import { AuditPage } from "./pages/audit.tsx";
import { MigrationsPage, RunPage } from "./pages/migrations.tsx";
import { NewTenantPage } from "./pages/new-tenant.tsx";
import { OverviewPage } from "./pages/overview.tsx";
import { TenantPage } from "./pages/tenant.tsx";
import { TenantsPage } from "./pages/tenants.tsx";
import { followLink, matchPath, type PageProps, type Place, usePlace } from "./router.ts";
import { ShortcutsDialog, useShortcuts } from "./shortcuts.tsx";

const ROUTES: readonly [pattern: string, page: ComponentType<PageProps>][] = [
  ["/", OverviewPage],
  ["/tenants", TenantsPage],
  // Not below /tenants, where a tenant may be called "new".
  ["/new", NewTenantPage],
  ["/tenants/:slug", TenantPage],
  ["/migrations", MigrationsPage],
  ["/migrations/runs/:id", RunPage],
  ["/audit", AuditPage],
];

/** Navigation around the page that the address names. */
export function Shell(): ComponentChildren {
  const place = usePlace();
  const [isHelpOpen, setHelpOpen] = useState(false);
  const openHelp = useCallback(() => setHelpOpen(true), []);
  useShortcuts(openHelp);
  return (
    <div class="shell" onClick={followLink}>
      <a class="skip" href="#main" onClick={skipToMain}>
        Skip to the content
      </a>
      <NavBar path={place.path} onHelp={openHelp} />
      <StatusBar />
      <main id="main" class="main" tabIndex={-1}>
        <CurrentPage place={place} />
      </main>
      <ToastRegion />
      {isHelpOpen && <ShortcutsDialog onClose={() => setHelpOpen(false)} />}
    </div>
  );
}

function CurrentPage(props: { readonly place: Place }): ComponentChildren {
  for (const [pattern, Current] of ROUTES) {
    const params = matchPath(pattern, props.place.path);
    // The key: another tenant's page begins anew, and keeps nothing of the last one's.
    if (params !== null)
      return <Current key={props.place.path} params={params} place={props.place} />;
  }
  return (
    <Page title="No such page">
      <Empty title="Nothing is at this address.">
        <p>It may have been a tenant that has been dropped or renamed since.</p>
      </Empty>
    </Page>
  );
}

/** The link's address would be resolved from the mount path, and leave the page. */
function skipToMain(event: MouseEvent): void {
  event.preventDefault();
  document.getElementById("main")?.focus();
}
