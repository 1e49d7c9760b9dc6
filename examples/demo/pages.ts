import type { Tenant, TenantState } from "kirayedar";
import { Html, html } from "./html.ts";

/** A note, as the database has it. */
export interface Note {
  readonly id: string;
  readonly body: string;
  readonly is_pinned: boolean;
  readonly created_at: Date | string;
}

/** A tenant with how many notes it has; `null` when they cannot be counted. */
export interface TenantRow {
  readonly tenant: Tenant;
  readonly notes: number | null;
}

const STYLE = new Html(`
:root { color-scheme: light dark; --ink: light-dark(#1c1b19, #edeae4); --soft: light-dark(#6b6760, #a09a90);
  --paper: light-dark(#faf8f4, #171614); --card: light-dark(#fff, #201f1c); --line: light-dark(#e4dfd5, #35322d);
  --accent: light-dark(#0b6b57, #4cc2a4); --on-accent: light-dark(#fff, #0d1f1a); --bad: light-dark(#a4262c, #f1868b); }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.55 ui-sans-serif, system-ui, sans-serif; }
main { max-width: 46rem; margin: 0 auto; padding: clamp(1.25rem, 5vw, 3.5rem) 1.25rem 4rem; }
header { display: flex; flex-wrap: wrap; gap: .4rem 1rem; align-items: baseline; justify-content: space-between; margin-bottom: 2rem; }
h1 { font: 600 clamp(1.7rem, 6vw, 2.5rem)/1.15 ui-serif, Georgia, serif; letter-spacing: -.01em; margin: 0; overflow-wrap: anywhere; }
ul.list + p { margin-top: 1rem; }
h2 { font-size: 1rem; margin: 2.5rem 0 .75rem; }
p { margin: .5rem 0 1rem; max-width: 38rem; }
a { color: var(--accent); text-underline-offset: .2em; }
code, .mono { font: .86em/1.5 ui-monospace, SFMono-Regular, Menlo, monospace; }
.soft { color: var(--soft); }
.card { background: var(--card); border: 1px solid var(--line); border-radius: .75rem; }
.facts { display: flex; flex-wrap: wrap; gap: 1px; overflow: hidden; margin: 0 0 2rem; background: var(--line); }
.facts div { background: var(--card); padding: .7rem 1rem; flex: 1 1 10rem; min-width: 0; }
.facts dt { color: var(--soft); font-size: .8rem; }
.facts dd { margin: 0; overflow-wrap: anywhere; }
ul.list { list-style: none; margin: 0; padding: 0; }
ul.list > li { display: flex; flex-wrap: wrap; gap: .5rem .75rem; align-items: center; padding: .8rem 1rem; border-top: 1px solid var(--line); }
ul.list > li:first-child { border-top: 0; }
.grow { flex: 1 1 14rem; min-width: 0; overflow-wrap: anywhere; }
form.row { display: flex; flex-wrap: wrap; gap: .6rem; align-items: end; margin: 0 0 1.25rem; }
.acts { display: flex; gap: .5rem; margin-left: auto; }
label { font-size: .85rem; color: var(--soft); display: block; }
input { font: inherit; color: inherit; width: 100%; padding: .55rem .75rem; border: 1px solid var(--line); border-radius: .5rem; background: var(--card); }
button { font: inherit; font-weight: 550; padding: .55rem .95rem; min-height: 2.6rem; border: 1px solid transparent; border-radius: .5rem; background: var(--accent); color: var(--on-accent); cursor: pointer; }
button.quiet { background: transparent; border-color: var(--line); color: var(--ink); font-weight: 450; }
button.bad { background: transparent; border-color: var(--line); color: var(--bad); font-weight: 450; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.state { font-size: .8rem; border: 1px solid var(--line); border-radius: 1rem; padding: .1rem .6rem; }
.state.active { color: var(--accent); border-color: currentColor; }
.state.suspended, .state.failed { color: var(--bad); border-color: currentColor; }
.alert { border-left: 4px solid var(--bad); padding: .6rem 1rem; margin: 0 0 1.5rem; background: var(--card); }
details form.row { margin-bottom: 0; }
details summary { cursor: pointer; color: var(--soft); min-height: 2.6rem; display: inline-flex; align-items: center; }
`);

function page(title: string, body: Html): string {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title}</title>
        <link rel="icon" href="data:," />
        <style>
          ${STYLE}
        </style>
      </head>
      <body>
        <main>${body}</main>
      </body>
    </html>`.text;
}

function alert(text: string | undefined): Html | undefined {
  return text === undefined ? undefined : html`<p class="alert" role="alert">${text}</p>`;
}

function plural(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? "" : "s"}`;
}

/** A tenant's own site. */
export function notesPage(tenant: Tenant, notes: readonly Note[], problem?: string): string {
  const title = tenant.name ?? tenant.slug;
  return page(
    `${title} · notes`,
    html`<header>
        <h1>${title}</h1>
        <span class="soft">${plural(notes.length, "note")}</span>
      </header>
      ${alert(problem)}
      <form class="row" method="post" action="/notes">
        <div class="grow">
          <label for="body">A new note</label
          ><input id="body" name="body" maxlength="500" required autocomplete="off" />
        </div>
        <button>Add</button>
      </form>
      ${
        notes.length === 0
          ? html`<p class="soft">Nothing yet. The first note is yours.</p>`
          : html`<ul class="list card" aria-label="Notes">
              ${notes.map(noteItem)}
            </ul>`
      }
      <h2>Where this page comes from</h2>
      <dl class="facts card">
        <div>
          <dt>Tenant</dt>
          <dd class="mono">${tenant.slug}</dd>
        </div>
        <div>
          <dt>PostgreSQL schema</dt>
          <dd class="mono">${tenant.schemaName}</dd>
        </div>
        <div>
          <dt>Migrated to</dt>
          <dd class="mono">${tenant.version ?? "nothing"}</dd>
        </div>
      </dl>
      <p class="soft">
        The code behind it says <code>select … from notes</code>, and knows no tenant. The host of
        the request decides whose table that is.
      </p>`,
  );
}

function noteItem(note: Note): Html {
  return html`<li>
    <span class="grow">${note.body}</span>
    <span class="acts"
      ><form method="post" action="/notes/${note.id}/pin">
        <button class="quiet" aria-label="${note.is_pinned ? "Unpin" : "Pin"}: ${note.body}">
          ${note.is_pinned ? "Unpin" : "Pin"}
        </button>
      </form>
      <form method="post" action="/notes/${note.id}/delete">
        <button class="bad" aria-label="Delete: ${note.body}">Delete</button>
      </form></span
    >
  </li>`;
}

/** The admin host: every tenant, and what can be done with it. */
export function adminPage(rows: readonly TenantRow[], port: number, problem?: string): string {
  return page(
    "Tenants · admin",
    html`<header>
        <h1>Tenants</h1>
        <span class="soft">${plural(rows.length, "schema")} in one database</span>
      </header>
      ${alert(problem)}
      <form class="row" method="post" action="/tenants">
        <div class="grow">
          <label for="slug">Slug, as in its address</label
          ><input
            id="slug"
            name="slug"
            maxlength="56"
            required
            autocomplete="off"
            autocapitalize="none"
            spellcheck="false"
            placeholder="umbrella"
          />
        </div>
        <div class="grow">
          <label for="name">Name</label
          ><input
            id="name"
            name="name"
            maxlength="100"
            autocomplete="off"
            placeholder="Umbrella Inc."
          />
        </div>
        <button>Create</button>
      </form>
      <ul class="list card" aria-label="Tenants">
        ${rows.map((row) => tenantItem(row, port))}
      </ul>`,
  );
}

function tenantItem({ notes, tenant }: TenantRow, port: number): Html {
  const action = (verb: string): string => `/tenants/${tenant.slug}/${verb}`;
  const toggle = tenant.state === "active" ? "suspend" : "resume";
  return html`<li>
    <span class="grow"
      ><a href="http://${tenant.slug}.localhost:${port}/">${tenant.name ?? tenant.slug}</a><br />
      <span class="soft mono">${tenant.schemaName}</span>
      <span class="soft">· ${notes === null ? "no count" : plural(notes, "note")}</span></span
    >
    ${stateLabel(tenant.state)}
    <form method="post" action="${action(toggle)}">
      <button class="quiet" aria-label="${toggle} ${tenant.slug}">
        ${toggle === "suspend" ? "Suspend" : "Resume"}
      </button>
    </form>
    <details>
      <summary>Drop…</summary>
      <form class="row" method="post" action="${action("drop")}">
        <div class="grow">
          <label for="drop-${tenant.slug}">Type “${tenant.slug}” to delete all its data</label
          ><input
            id="drop-${tenant.slug}"
            name="confirm"
            required
            autocomplete="off"
            autocapitalize="none"
            spellcheck="false"
          />
        </div>
        <button class="bad">Drop ${tenant.slug}</button>
      </form>
    </details>
  </li>`;
}

function stateLabel(state: TenantState): Html {
  return html`<span class="state ${state}">${state}</span>`;
}

/** The apex: where to go. */
export function landingPage(tenants: readonly Tenant[], port: number): string {
  return page(
    "One application, many tenants",
    html`<header><h1>One application, many tenants</h1></header>
      <p>
        Each of these sites is served by the same few lines of code. What you write in one is in a
        schema of its own, and no query of another can reach it.
      </p>
      <ul class="list card" aria-label="Sites">
        ${tenants.map(
          (tenant) =>
            html`<li>
              <a class="grow" href="http://${tenant.slug}.localhost:${port}/"
                >${tenant.slug}.localhost:${port}</a
              >${stateLabel(tenant.state)}
            </li>`,
        )}
        <li>
          <a class="grow" href="http://admin.localhost:${port}/">admin.localhost:${port}</a
          ><span class="state">admin</span>
        </li>
      </ul>
      <p class="soft">
        Try <a href="http://nobody.localhost:${port}/">nobody.localhost:${port}</a> too: it is
        nobody's.
      </p>`,
  );
}

/** One sentence, and a way back. */
export function messagePage(title: string, text: string, port: number): string {
  return page(
    title,
    html`<header><h1>${title}</h1></header>
      <p>${text}</p>
      <p><a href="http://localhost:${port}/">Back to the start</a></p>`,
  );
}
