import type { ComponentChildren } from "preact";
import { Page } from "../components/page.tsx";
import { Empty } from "../components/states.tsx";

/** To be written. */
export function OverviewPage(): ComponentChildren {
  return (
    <Page title="Overview">
      <Empty title="Nothing here yet." />
    </Page>
  );
}
