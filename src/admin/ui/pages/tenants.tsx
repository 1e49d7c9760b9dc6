import type { ComponentChildren } from "preact";
import { Page } from "../components/page.tsx";
import { Empty } from "../components/states.tsx";

/** To be written. */
export function TenantsPage(): ComponentChildren {
  return (
    <Page title="Tenants">
      <Empty title="Nothing here yet." />
    </Page>
  );
}
