import { serve } from "@hono/node-server";
import { Hono } from "hono";
import { db } from "./database.ts";

const app = new Hono();

app.get("/notes", async (c) => {
  return c.json(await db.selectFrom("notes").selectAll().orderBy("id").execute());
});

app.post("/notes", async (c) => {
  await db
    .insertInto("notes")
    .values({ text: c.req.header("x-text") ?? "" })
    .execute();
  return c.json(await db.selectFrom("notes").selectAll().orderBy("id").execute());
});

serve({ fetch: app.fetch, port: Number(process.env.PORT ?? 3000) }, ({ port }) => {
  console.log("listening on", port);
});
