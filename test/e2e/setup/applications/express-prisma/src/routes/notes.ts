import { Router } from "express";
import { prisma } from "../database.js";

export const notes: Router = Router();

notes.get("/", async (_request, response) => {
  response.json(await prisma.note.findMany({ orderBy: { id: "asc" } }));
});

notes.post("/", async (request, response) => {
  await prisma.note.create({ data: { text: request.get("x-text") ?? "" } });
  response.json(await prisma.note.findMany({ orderBy: { id: "asc" } }));
});
