import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import type { DomainView } from "../../contract.ts";
import { Button } from "../components/button.tsx";
import { Panel } from "../components/page.tsx";
import { useMay } from "../session.ts";
import { TenantAddDomain } from "./tenant-add-domain.tsx";
import { TenantDomain } from "./tenant-domain.tsx";

/** A tenant's own domains: served, and claimed. */
export function TenantDomains(props: {
  readonly slug: string;
  readonly domains: readonly DomainView[];
  readonly onChanged: () => void;
}): ComponentChildren {
  const [isAdding, setAdding] = useState(false);
  const mayOperate = useMay("operate");
  return (
    <Panel
      title="Domains"
      aside={
        mayOperate && (
          <Button small icon="plus" onClick={() => setAdding(true)}>
            Add a domain
          </Button>
        )
      }
    >
      {props.domains.length === 0 ? (
        <p class="hint">It has no domain of its own.</p>
      ) : (
        <ul class="domains">
          {props.domains.map((domain) => (
            <TenantDomain
              key={domain.domain}
              slug={props.slug}
              domain={domain}
              onChanged={props.onChanged}
            />
          ))}
        </ul>
      )}
      {isAdding && (
        <TenantAddDomain
          slug={props.slug}
          onChanged={props.onChanged}
          onClose={() => setAdding(false)}
        />
      )}
    </Panel>
  );
}
