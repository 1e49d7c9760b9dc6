import type { Tenant, TenantState } from "kirayedar";
import { type Html, html } from "./html.ts";
import { STYLE } from "./style.ts";

/** What surrounds a page. */
interface Frame {
  readonly title: string;
  readonly port: number;
  /** Whose colour it has; nobody's has the demo's own. */
  readonly tenant?: Tenant;
  readonly isWide?: boolean;
}

/** Makes a whole page. */
export function page({ isWide = false, port, tenant, title }: Frame, body: Html): string {
  const start = `http://localhost:${port}/`;
  // The pages of tenants are shown inside of the first one too: these links leave it.
  return html`<!doctype html>
    <html
      lang="en"
      ${tenant === undefined ? undefined : html`style="--hue: ${hueOf(tenant.slug)}"`}
    >
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title}</title>
        <link rel="icon" href="data:," />
        <style>
          ${STYLE}
        </style>
      </head>
      <body class="${isWide ? "wide" : ""}">
        <main>${body}</main>
        <footer>
          <nav aria-label="Demo">
            <ul>
              <li><a href="${start}" target="_top">All sites</a></li>
              <li><a href="http://admin.localhost:${port}/" target="_top">Admin</a></li>
            </ul>
          </nav>
        </footer>
      </body>
    </html>`.text;
}

/** One sentence, and where to go from here. */
export function messagePage(title: string, text: string | Html, port: number): string {
  return page(
    { port, title },
    html`<div class="head"><h1>${title}</h1></div>
      <p>${text}</p>`,
  );
}

/** Says what went wrong; inputs point to it. */
export function alert(text: string | undefined): Html | undefined {
  return text === undefined
    ? undefined
    : html`<p class="alert" role="alert" id="problem">${text}</p>`;
}

/** Marks an input as the wrong one. */
export function invalid(problem: string | undefined): Html | undefined {
  return problem === undefined
    ? undefined
    : html`aria-invalid="true" aria-describedby="problem" autofocus`;
}

/** "1 note", "2 notes". */
export function plural(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? "" : "s"}`;
}

/** A tenant's address, without the protocol. */
export function addressOf(slug: string, port: number): string {
  return `${slug}.localhost:${port}`;
}

/** A tenant's state, as a badge. */
export function stateLabel(state: TenantState): Html {
  return html`<span class="state ${state}">${state}</span>`;
}

/** A colour that stays with the slug, and differs between most. */
function hueOf(slug: string): number {
  let hash = 0;
  for (const char of slug) hash = (hash * 33 + (char.codePointAt(0) ?? 0)) % 65_521;
  return (hash * 67) % 360;
}
