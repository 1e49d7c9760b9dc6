import { setTimeout as sleep } from "node:timers/promises";
import { addNote } from "../lib/actions.js";
import { listNotes, scoped, slug } from "../lib/tenancy.js";

/** What the documentation warns of: it is rendered after the page has returned. */
async function BareChild() {
  await sleep(Math.random() * 10);
  return <i>bare {slug()};</i>;
}

async function DataChild() {
  await sleep(Math.random() * 10);
  return <i>data {(await listNotes()).join("+")};</i>;
}

const ScopedChild = scoped(async () => {
  await sleep(Math.random() * 10);
  return <i>scoped {slug()};</i>;
});

export default scoped(async () => {
  await sleep(Math.random() * 10);
  return (
    <main>
      <i>page {slug()};</i>
      <BareChild />
      <DataChild />
      <ScopedChild />
      <form action={addNote}>
        <input name="body" />
      </form>
    </main>
  );
});
