import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";
import type { TenantAction, TenantDetails } from "../../contract.ts";
import { Button } from "../components/button.tsx";
import { Panel } from "../components/page.tsx";
import { useSession } from "../session.ts";
import { includes, TENANT_ACTIONS, whyNot } from "./tenant-actions.ts";

/** What can be done with a tenant; what cannot be done now says why. */
export function TenantActionList(props: {
  readonly tenant: TenantDetails;
  readonly isBusy: boolean;
  readonly onAction: (action: TenantAction) => void;
}): ComponentChildren {
  const session = useSession();
  const all = Object.keys(TENANT_ACTIONS) as TenantAction[];
  const allowed = all.filter((action) => includes(session.may, TENANT_ACTIONS[action].needs));
  return (
    <Panel title="Actions">
      {allowed.length > 0 && (
        <ul class="action-list">
          {allowed.map((action) => (
            <ActionRow key={action} action={action} {...props} />
          ))}
        </ul>
      )}
      {allowed.length < all.length && (
        <p class="hint">
          {session.may === "read"
            ? "You may read. Whoever may “operate” changes tenants; whoever may “destroy” also rolls them back and drops them."
            : "Rolling back and dropping need “destroy”, which you may not."}
        </p>
      )}
    </Panel>
  );
}

function ActionRow(props: {
  readonly action: TenantAction;
  readonly tenant: TenantDetails;
  readonly isBusy: boolean;
  readonly onAction: (action: TenantAction) => void;
}): ComponentChildren {
  const session = useSession();
  const id = useId();
  const { about, label, needs } = TENANT_ACTIONS[props.action];
  const reason = whyNot(props.action, props.tenant, session);
  return (
    <li class={reason === null ? "action" : "action action-off"}>
      <Button
        kind={needs === "destroy" ? "danger" : "plain"}
        disabled={reason !== null || props.isBusy}
        aria-describedby={id}
        onClick={() => props.onAction(props.action)}
      >
        {label}
      </Button>
      <p id={id} class="hint">
        {reason ?? about}
      </p>
    </li>
  );
}
