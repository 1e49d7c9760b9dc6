import type { ComponentChildren } from "preact";
import { Page } from "../components/page.tsx";
import { Empty } from "../components/states.tsx";

/** To be written. */
export function NewTenantPage(): ComponentChildren {
  return (
    <Page title="New tenant">
      <Empty title="Nothing here yet." />
    </Page>
  );
}
