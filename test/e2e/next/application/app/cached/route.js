import { unstable_cache } from "next/cache";
import { cached, readNotes, tenancy, withTenant } from "../../lib/tenancy.js";

const ownNotes = cached(readNotes, ["notes"]);
const everybodysNotes = unstable_cache(readNotes, ["everybody"]);

async function ambientNotes() {
  "use cache";
  return await readNotes();
}

async function notesOf(id) {
  "use cache";
  return await tenancy.withTenant({ id }, readNotes);
}

export const GET = withTenant(async () => {
  const [own, bare, explicit, ambient] = await Promise.all([
    ownNotes(),
    everybodysNotes(),
    notesOf(tenancy.requireTenant().id),
    ambientNotes().catch((error) => String(error)),
  ]);
  return Response.json({ ambient, bare, explicit, own });
});
