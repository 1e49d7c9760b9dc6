import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import type { Operation } from "../../contract.ts";
import { Page } from "../components/page.tsx";
import { Empty } from "../components/states.tsx";
import { hrefOf, type PageProps } from "../router.ts";
import { useMay } from "../session.ts";
import { NewTenantForm } from "./new-tenant-form.tsx";
import { NewTenantProgress } from "./new-tenant-progress.tsx";
import { type DraftErrors, EMPTY_DRAFT, type TenantDraft } from "./tenant-draft.ts";

/** Creates a tenant: a form, then its steps as they happen. */
export function NewTenantPage(props: PageProps): ComponentChildren {
  const mayOperate = useMay("operate");
  // One whose creation was interrupted is created again under the same slug.
  const [draft, setDraft] = useState<TenantDraft>({
    ...EMPTY_DRAFT,
    slug: props.place.query.get("slug") ?? "",
  });
  const [begun, setBegun] = useState<Operation | null>(null);
  const [refused, setRefused] = useState<DraftErrors>({});
  const above = <a href={hrefOf("/tenants")}>Tenants</a>;
  if (!mayOperate) {
    return (
      <Page title="New tenant" above={above}>
        <Empty title="You may look at tenants, but not create one." />
      </Page>
    );
  }
  return (
    <Page title="New tenant" above={above}>
      {begun === null ? (
        <NewTenantForm draft={draft} onDraft={setDraft} onBegun={setBegun} refused={refused} />
      ) : (
        <NewTenantProgress
          begun={begun}
          draft={draft}
          onAgain={(errors) => {
            setRefused(errors);
            setBegun(null);
          }}
          onAnother={() => {
            setDraft(EMPTY_DRAFT);
            setRefused({});
            setBegun(null);
          }}
        />
      )}
    </Page>
  );
}
