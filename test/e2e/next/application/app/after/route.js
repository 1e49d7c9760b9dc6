import { after } from "next/server";
import { readNotes, slug, withTenant } from "../../lib/tenancy.js";

export const GET = withTenant((request) => {
  const mark = new URL(request.url).searchParams.get("mark");
  after(async () => {
    const notes = await readNotes();
    process.stdout.write(`after ${mark} ${slug()} ${notes.includes(`of ${slug()}`)};\n`);
  });
  return Response.json(slug());
});
