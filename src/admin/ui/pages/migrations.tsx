import type { ComponentChildren } from "preact";
import { Page } from "../components/page.tsx";
import { Empty } from "../components/states.tsx";
import type { PageProps } from "../router.ts";

/** The fleet's migrations, and its runs. */
export function MigrationsPage(): ComponentChildren {
  return (
    <Page title="Migrations">
      <Empty title="Nothing here yet." />
    </Page>
  );
}

/** One run. */
export function RunPage(props: PageProps): ComponentChildren {
  return (
    <Page title={`Run ${props.params["id"] ?? ""}`}>
      <Empty title="Nothing here yet." />
    </Page>
  );
}
