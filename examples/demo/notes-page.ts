import type { Tenant } from "kirayedar";
import { type Html, html } from "./html.ts";
import type { Note } from "./notes.ts";
import { alert, invalid, page, plural } from "./pages.ts";

/** A tenant's own site. */
export function notesPage(
  tenant: Tenant,
  notes: readonly Note[],
  { port, problem }: { readonly port: number; readonly problem?: string | undefined },
): string {
  const name = tenant.name ?? tenant.slug;
  return page(
    { port, tenant, title: `${problem === undefined ? "" : "Not added · "}${name} · notes` },
    html`<div class="head">
        <h1>${name}</h1>
        <span class="soft"
          >${plural(notes.length, "note")} in <code>${tenant.schemaName}</code></span
        >
      </div>
      ${alert(problem)}
      <form class="row" method="post" action="/notes">
        <div class="grow">
          <label for="body">A new note</label>
          <input
            id="body"
            name="body"
            maxlength="500"
            required
            autocomplete="off"
            ${invalid(problem)}
          />
        </div>
        <button>Add</button>
      </form>
      ${
        notes.length === 0
          ? html`<p class="empty card" id="notes">Nothing yet. The first note is yours.</p>`
          : html`<ul class="list card" id="notes" aria-label="Notes">
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
          <dt>Schema</dt>
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
  return html`<li id="note-${note.id}" tabindex="-1">
    <span class="grow"
      >${note.body}
      ${note.is_pinned ? html`<span class="state active">pinned</span>` : undefined}</span
    >
    <span class="acts">
      <form method="post" action="/notes/${note.id}/pin">
        <button class="quiet" aria-label="${note.is_pinned ? "Unpin" : "Pin"}: ${note.body}">
          ${note.is_pinned ? "Unpin" : "Pin"}
        </button>
      </form>
      <form method="post" action="/notes/${note.id}/delete">
        <button class="bad" aria-label="Delete: ${note.body}">Delete</button>
      </form>
    </span>
  </li>`;
}
