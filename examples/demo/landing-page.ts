import type { Tenant } from "kirayedar";
import { type Html, html } from "./html.ts";
import { addressOf, page, stateLabel } from "./pages.ts";

/** Two tenants that can be shown beside each other. */
export function shownTenants(tenants: readonly Tenant[]): readonly Tenant[] {
  return tenants.filter(({ state }) => state === "active").slice(0, 2);
}

/** The apex: two tenants at work, and where to go. */
export function landingPage(tenants: readonly Tenant[], port: number): string {
  const shown = shownTenants(tenants);
  return page(
    { isWide: true, port, title: "One application, many tenants" },
    html`<div class="head"><h1>One application, many tenants</h1></div>
      <p>
        ${
          shown.length === 2
            ? html`Two sites, one process, one pool of connections.
                <strong>Write a note in one of them</strong> and look for it in the other.`
            : html`Every site is served by the same few lines of code, from a schema of its own.`
        }
      </p>
      <div class="windows">${shown.map((tenant) => windowOf(tenant, port))}</div>
      <p class="soft">
        Both windows run <code>select … from notes</code>. Each tenant has a schema of its own, and
        no query of one can reach another's.
      </p>
      <h2>All sites</h2>
      <ul class="list card" aria-label="Sites">
        ${tenants.map(
          ({ name, slug, state }) =>
            html`<li>
              <span class="grow"
                ><a href="http://${addressOf(slug, port)}/">${addressOf(slug, port)}</a>
                <span class="soft">${name}</span></span
              >${stateLabel(state)}
            </li>`,
        )}
        <li>
          <span class="grow"
            ><a href="http://admin.localhost:${port}/">admin.localhost:${port}</a>
            <span class="soft">Create, suspend and drop tenants</span></span
          ><span class="state">admin</span>
        </li>
        <li>
          <span class="grow"
            ><a href="http://nobody.localhost:${port}/">nobody.localhost:${port}</a>
            <span class="soft">An address that no tenant has</span></span
          ><span class="state">unknown</span>
        </li>
      </ul>`,
  );
}

function windowOf({ name, slug }: Tenant, port: number): Html {
  const address = addressOf(slug, port);
  return html`<figure class="card">
    <figcaption class="mono"><a href="http://${address}/">${address}</a></figcaption>
    <iframe src="http://${address}/" title="The site of ${name ?? slug}"></iframe>
  </figure>`;
}
