import type { AddressInfo } from "node:net";
import express from "express";
import { notes } from "./routes/notes.js";

const app = express();

app.get("/health", (_request, response) => {
  response.json({ status: "ok" });
});
app.use("/notes", notes);

const server = app.listen(Number(process.env.PORT ?? 3000), () => {
  console.log("listening on", (server.address() as AddressInfo).port);
});
