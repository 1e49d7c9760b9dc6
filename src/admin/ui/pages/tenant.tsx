import type { ComponentChildren } from "preact";
import { Page } from "../components/page.tsx";
import { Empty } from "../components/states.tsx";
import type { PageProps } from "../router.ts";

/** One tenant. */
export function TenantPage(props: PageProps): ComponentChildren {
  return (
    <Page title={props.params["slug"] ?? ""}>
      <Empty title="Nothing here yet." />
    </Page>
  );
}
