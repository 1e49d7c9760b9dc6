import type { Tenant } from "kirayedar";
import { type Html, html } from "./html.ts";
import { addressOf, alert, invalid, page, plural, stateLabel } from "./pages.ts";

/** A tenant with how many notes it has; `null` when they cannot be counted. */
export interface TenantRow {
  readonly tenant: Tenant;
  readonly notes: number | null;
}

/** What the form says, and what is said of the one before. */
export interface AdminForm {
  readonly slug?: string | undefined;
  readonly name?: string | undefined;
  readonly problem?: string | undefined;
  readonly done?: Html | undefined;
}

/** The admin host: every tenant, and what can be done with it. */
export function adminPage(rows: readonly TenantRow[], port: number, form: AdminForm): string {
  const { done, name, problem, slug } = form;
  const isOfForm = slug !== undefined && problem !== undefined;
  return page(
    { port, title: `${problem === undefined ? "" : "Not done · "}Tenants · admin` },
    html`<div class="head">
        <h1>Tenants</h1>
        <span class="soft">${plural(rows.length, "schema")}, one for each tenant</span>
      </div>
      ${alert(problem)}
      ${done === undefined ? undefined : html`<p class="done" role="status">${done}</p>`}
      <form class="row" method="post" action="/tenants">
        <div class="grow">
          <label for="slug">Slug, as in its address</label>
          <input
            id="slug"
            name="slug"
            value="${slug}"
            maxlength="56"
            required
            autocomplete="off"
            autocapitalize="none"
            spellcheck="false"
            placeholder="umbrella"
            ${isOfForm ? invalid(problem) : undefined}
          />
        </div>
        <div class="grow">
          <label for="name">Name</label>
          <input
            id="name"
            name="name"
            value="${name}"
            maxlength="100"
            autocomplete="off"
            placeholder="Umbrella Inc."
          />
        </div>
        <button>Create</button>
      </form>
      ${
        rows.length === 0
          ? html`<p class="empty card">No tenants. Create the first one.</p>`
          : html`<ul class="list card" aria-label="Tenants">
              ${rows.map((row) => tenantItem(row, port))}
            </ul>`
      }`,
  );
}

function tenantItem({ notes, tenant }: TenantRow, port: number): Html {
  const { schemaName, slug, state } = tenant;
  const toggle = state === "active" ? "Suspend" : "Resume";
  return html`<li id="tenant-${slug}" tabindex="-1">
    <span class="grow"
      ><a href="http://${addressOf(slug, port)}/">${tenant.name ?? slug}</a><br />
      <span class="soft mono">${schemaName}</span>
      <span class="soft">· ${notes === null ? "no count" : plural(notes, "note")}</span></span
    >
    ${stateLabel(state)}
    <span class="acts">
      <form method="post" action="/tenants/${slug}/${toggle.toLowerCase()}">
        <button class="quiet" aria-label="${toggle} ${slug}">${toggle}</button>
      </form>
      <button class="bad" popovertarget="drop-${slug}">
        Drop…<span class="hidden"> ${slug}</span>
      </button>
    </span>
    <div popover id="drop-${slug}" role="dialog" aria-labelledby="drop-${slug}-title">
      <h2 id="drop-${slug}-title">Drop ${tenant.name ?? slug}?</h2>
      <form class="row" method="post" action="/tenants/${slug}/drop">
        <div class="grow">
          <label for="drop-${slug}-confirm">Type “${slug}” to delete all its data</label>
          <input
            id="drop-${slug}-confirm"
            name="confirm"
            required
            autofocus
            pattern="${slug}"
            title="${slug}"
            autocomplete="off"
            autocapitalize="none"
            spellcheck="false"
          />
        </div>
        <button class="bad">Drop ${slug}</button>
      </form>
    </div>
  </li>`;
}
