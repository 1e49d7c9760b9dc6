import { addNote } from "../lib/actions";
import { listNotes } from "../lib/notes";

export default async function Page() {
  const notes = await listNotes();
  return (
    <main>
      <ul>
        {notes.map(({ id, text }) => (
          <li key={id}>{text}</li>
        ))}
      </ul>
      <form action={addNote}>
        <input name="text" required />
        <button>Add</button>
      </form>
    </main>
  );
}
