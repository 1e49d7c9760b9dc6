import { asc } from "drizzle-orm";
import { db, notes } from "@/lib/db";

export const GET = async () => {
  return Response.json(await db.select().from(notes).orderBy(asc(notes.id)));
};

export const POST = async (request: Request) => {
  await db.insert(notes).values({ text: request.headers.get("x-text") ?? "" });
  return Response.json(await db.select().from(notes).orderBy(asc(notes.id)));
};
