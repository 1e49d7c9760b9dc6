import { addNote } from "../lib/actions";
import { listNotes, tenantSlug } from "../lib/notes";

export default async function Page() {
  const notes = await listNotes();
  return (
    <main
      style={{ fontFamily: "system-ui", margin: "2rem auto", maxWidth: "30rem", padding: "0 1rem" }}
    >
      <h1>Notes of {await tenantSlug()}</h1>
      <ul>
        {notes.map(({ id, text }) => (
          <li key={id}>{text}</li>
        ))}
      </ul>
      <form action={addNote}>
        <input aria-label="A new note" name="text" required />
        <button>Add</button>
      </form>
    </main>
  );
}
