import { readNotes, slug, tenancy, withTenant } from "../../lib/tenancy.js";

export const GET = withTenant(async (request) => {
  const seen = request.headers.get("x-kirayedar-target") !== null;
  return Response.json({ notes: await readNotes(), seen, slug: slug() });
});

export const POST = withTenant(async (request) => {
  const before = slug();
  const body = await request.text();
  await tenancy.pool.query("insert into note (body) values ($1)", [body]);
  return Response.json([before, slug()], { status: 201 });
});
