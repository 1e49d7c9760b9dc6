import type { ComponentChildren } from "preact";
import { Page } from "../components/page.tsx";
import { Empty } from "../components/states.tsx";

/** To be written. */
export function AuditPage(): ComponentChildren {
  return (
    <Page title="Audit log">
      <Empty title="Nothing here yet." />
    </Page>
  );
}
