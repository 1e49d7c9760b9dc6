import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import type { DomainView } from "../../contract.ts";
import { type ApiError, path, request } from "../api.ts";
import { Badge } from "../components/badge.tsx";
import { Button } from "../components/button.tsx";
import { ConfirmDialog, toApiError } from "../components/confirm.tsx";
import { CopyText } from "../components/copy.tsx";
import { ErrorBox } from "../components/states.tsx";
import { showToast } from "../components/toast.tsx";
import { Time } from "../components/values.tsx";
import { useMay } from "../session.ts";

interface DomainProps {
  readonly slug: string;
  readonly domain: DomainView;
  readonly onChanged: () => void;
}

/** One domain: its state, what has to be published for it, and what can be done with it. */
export function TenantDomain(props: DomainProps): ComponentChildren {
  const { domain } = props;
  const isServed = domain.state !== "pending";
  const asker = useAsker(props);
  const row = useRef<HTMLLIElement>(null);
  useLayoutEffect(() => () => passFocusOn(row.current), []);
  return (
    <li ref={row} class="domain">
      <div class="domain-head">
        {isServed ? (
          <a class="domain-name" href={`//${domain.domain}/`} target="_blank" rel="noreferrer">
            {domain.domain}
          </a>
        ) : (
          <span class="domain-name">{domain.domain}</span>
        )}
        <Badge state={domain.state} />
        {domain.isPrimary && (
          <Badge state="primary" tone="info">
            primary
          </Badge>
        )}
        {isServed && domain.failingSince !== null && (
          <Badge state="failing" tone="bad">
            failing
          </Badge>
        )}
        <DomainActions {...props} asker={asker} />
      </div>
      <p class="hint">
        <Standing domain={domain} />
      </p>
      {domain.challenge !== null && (!isServed || domain.failingSince !== null) && (
        <Challenge challenge={domain.challenge} />
      )}
      {asker.error && <ErrorBox title={`${domain.domain} was not verified`} error={asker.error} />}
    </li>
  );
}

/** What is removed may have the focus, which would go to the beginning of the page. */
function passFocusOn(row: HTMLElement | null): void {
  if (row?.contains(document.activeElement) !== true) return;
  row.closest(".panel")?.querySelector("button")?.focus();
}

function Standing(props: { readonly domain: DomainView }): ComponentChildren {
  const { checkedAt, createdAt, failingSince, method, state, verifiedAt } = props.domain;
  const checked = checkedAt !== null && (
    <>
      {" "}
      Checked <Time at={checkedAt} />.
    </>
  );
  if (state === "trusted") {
    return (
      <>
        Added <Time at={createdAt} />; served because the application, or its operator, said so.
      </>
    );
  }
  if (state === "pending") {
    return (
      <>
        Claimed <Time at={createdAt} />; not served before its owner has published what is below.
        {checked}
      </>
    );
  }
  return (
    <>
      Verified <Time at={verifiedAt} /> {method === "http" ? "by its file" : "by its record"}.
      {failingSince !== null && (
        <>
          {" "}
          Not found any more since <Time at={failingSince} />.
        </>
      )}
      {checked}
    </>
  );
}

/** What the owner publishes, in one of the places that are looked at. */
function Challenge(props: {
  readonly challenge: NonNullable<DomainView["challenge"]>;
}): ComponentChildren {
  const { dns, http, methods } = props.challenge;
  // What nobody looks at is not to be published.
  return (
    <div class="challenge">
      {methods.map((method, index) => (
        <section key={method} class="challenge-way">
          <h3>{`${index === 0 ? "As" : "Or as"} ${method === "dns" ? "a TXT record" : "a file"}`}</h3>
          <p class="hint">{method === "dns" ? "Name" : "Address"}</p>
          {method === "dns" ? (
            <CopyText label="name of the record" text={dns.name} />
          ) : (
            <CopyText label="address of the file" text={http.url} />
          )}
          <p class="hint">{method === "dns" ? "Text" : "Content"}</p>
          {method === "dns" ? (
            <CopyText label="text of the record" text={dns.value} />
          ) : (
            <CopyText label="content of the file" text={http.body} />
          )}
        </section>
      ))}
    </div>
  );
}

/** Asks for something about the domain, once at a time. */
interface Asker {
  readonly busyWith: "primary" | "verify" | null;
  readonly error: ApiError | null;
  readonly ask: (what: "primary" | "verify") => Promise<void>;
}

function useAsker({ domain, onChanged, slug }: DomainProps): Asker {
  const [busyWith, setBusyWith] = useState<"primary" | "verify" | null>(null);
  const [error, setError] = useState<ApiError | null>(null);
  const isAsking = useRef(false);
  const ask = async (what: "primary" | "verify"): Promise<void> => {
    if (isAsking.current) return;
    isAsking.current = true;
    setBusyWith(what);
    setError(null);
    try {
      const to = `${path`tenants/${slug}/domains/${domain.domain}`}/${what}`;
      const answer = await request<DomainView>("POST", to, { body: {} });
      if (what === "verify") setError(verdictOf(answer));
      onChanged();
    } catch (thrown) {
      setError(toApiError(thrown));
    } finally {
      isAsking.current = false;
      setBusyWith(null);
    }
  };
  return { ask, busyWith, error };
}

function DomainActions(props: DomainProps & { readonly asker: Asker }): ComponentChildren {
  const { domain } = props;
  const { ask, busyWith } = props.asker;
  const mayOperate = useMay("operate");
  const [isRemoving, setRemoving] = useState(false);
  if (!mayOperate) return null;
  return (
    <>
      <div class="domain-actions">
        {domain.state !== "trusted" && (
          <Button
            small
            icon="refresh"
            busy={busyWith === "verify"}
            onClick={() => void ask("verify")}
          >
            Check now<span class="unseen"> {domain.domain}</span>
          </Button>
        )}
        {domain.state !== "pending" && !domain.isPrimary && (
          <Button small busy={busyWith === "primary"} onClick={() => void ask("primary")}>
            Make primary<span class="unseen"> {domain.domain}</span>
          </Button>
        )}
        <Button small kind="ghost" icon="trash" onClick={() => setRemoving(true)}>
          Remove<span class="unseen"> {domain.domain}</span>
        </Button>
      </div>
      {isRemoving && <Remove {...props} onClose={() => setRemoving(false)} />}
    </>
  );
}

/** An answer that changed nothing says so; one that did is seen in the domain's state. */
function verdictOf(answer: DomainView): ApiError | null {
  if (answer.state === "verified" && answer.failingSince === null) {
    showToast(`${answer.domain} is verified.`);
    return null;
  }
  return toApiError(
    new Error(
      "Neither the record nor the file was found. A new record may take some minutes, or as long as an old answer is remembered, to be seen everywhere.",
    ),
  );
}

function Remove(props: DomainProps & { readonly onClose: () => void }): ComponentChildren {
  const { domain, slug } = props;
  return (
    <ConfirmDialog
      title={`Remove ${domain.domain}?`}
      action="Remove"
      isDangerous
      onClose={props.onClose}
      onConfirm={async () => {
        await request("DELETE", path`tenants/${slug}/domains/${domain.domain}`);
        showToast(`${domain.domain} is removed.`);
        props.onChanged();
      }}
    >
      <p>
        {domain.state === "pending"
          ? "The claim is given up. Another tenant may then claim the domain."
          : "The tenant is no longer served there. Another tenant may then claim the domain."}
      </p>
    </ConfirmDialog>
  );
}
