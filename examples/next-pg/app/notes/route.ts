import { insertNote, listNotes } from "../../lib/notes";
import { withTenant } from "../../lib/tenancy";

export const GET = withTenant(async () => Response.json(await listNotes()));

export const POST = withTenant(async (request) => {
  const { text } = (await request.json()) as { text: string };
  return Response.json(await insertNote(text), { status: 201 });
});
