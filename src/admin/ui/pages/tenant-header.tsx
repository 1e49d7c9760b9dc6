import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { TenantDetails, TenantUpdateRequest } from "../../contract.ts";
import { type ApiError, path, request } from "../api.ts";
import { Badge } from "../components/badge.tsx";
import { Button } from "../components/button.tsx";
import { toApiError } from "../components/confirm.tsx";
import { ErrorBox } from "../components/states.tsx";
import { hrefOf } from "../router.ts";
import { useMay } from "../session.ts";

const SHOWN_HOSTS = 6;

/** Where the page belongs. */
export function TenantAbove(props: { readonly slug: string }): ComponentChildren {
  return (
    <>
      <a href={hrefOf("/tenants")}>Tenants</a>
      <span aria-hidden="true"> / </span>
      <code>{props.slug}</code>
    </>
  );
}

/** What the tenant is called, and its state. */
export function TenantHeading(props: { readonly tenant: TenantDetails }): ComponentChildren {
  const { name, slug, state } = props.tenant;
  return (
    <>
      <bdi>{name ?? slug}</bdi>
      <Badge state={state} />
    </>
  );
}

/** The addresses under which it is served. */
export function TenantHosts(props: { readonly tenant: TenantDetails }): ComponentChildren {
  const { hosts } = props.tenant;
  const [isWhole, setWhole] = useState(false);
  const shown = isWhole ? hosts : hosts.slice(0, SHOWN_HOSTS);
  if (hosts.length === 0) return <span class="dim">No host leads here.</span>;
  return (
    <span class="hosts">
      {shown.map((host) => (
        // Without a scheme, as the console does not know how tenants are reached, except like itself.
        <a key={host} href={`//${host}/`} target="_blank" rel="noreferrer">
          {host}
        </a>
      ))}
      {shown.length < hosts.length && (
        <Button small kind="ghost" onClick={() => setWhole(true)}>
          {hosts.length - shown.length} more
        </Button>
      )}
    </span>
  );
}

/** A button that becomes a field: the name for people, changed where it stands. */
export function TenantName(props: {
  readonly tenant: TenantDetails;
  readonly onChanged: () => void;
}): ComponentChildren {
  const [isOpen, setOpen] = useState(false);
  const button = useRef<HTMLSpanElement>(null);
  const mayOperate = useMay("operate");
  if (!mayOperate) return null;
  if (!isOpen) {
    return (
      <span ref={button}>
        <Button small icon="edit" onClick={() => setOpen(true)}>
          {props.tenant.name === null ? "Give it a name" : "Edit name"}
        </Button>
      </span>
    );
  }
  const close = (): void => {
    setOpen(false);
    requestAnimationFrame(() => button.current?.querySelector("button")?.focus());
  };
  return <NameForm tenant={props.tenant} onChanged={props.onChanged} onClose={close} />;
}

function NameForm(props: {
  readonly tenant: TenantDetails;
  readonly onChanged: () => void;
  readonly onClose: () => void;
}): ComponentChildren {
  const { name, slug } = props.tenant;
  const [typed, setTyped] = useState(name ?? "");
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<ApiError | null>(null);
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => input.current?.select(), []);
  const save = async (): Promise<void> => {
    if (isBusy) return;
    setBusy(true);
    try {
      const body: TenantUpdateRequest = { name: typed.trim() === "" ? null : typed.trim() };
      if (body.name !== name) await request("PATCH", path`tenants/${slug}`, { body });
      props.onChanged();
      props.onClose();
    } catch (thrown) {
      setError(toApiError(thrown));
      setBusy(false);
    }
  };
  return (
    <form
      class="name-form"
      onKeyDown={(event) => {
        if (event.key === "Escape") props.onClose();
      }}
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
    >
      <input
        ref={input}
        class="input"
        aria-label="Name"
        placeholder={slug}
        maxLength={200}
        value={typed}
        onInput={(event) => setTyped(event.currentTarget.value)}
      />
      <Button type="submit" kind="primary" busy={isBusy}>
        Save
      </Button>
      <Button onClick={props.onClose}>Cancel</Button>
      {error && <ErrorBox error={error} />}
    </form>
  );
}
