"use server";

import { revalidatePath } from "next/cache";
import { insertNote } from "./notes";
import { tenantAction } from "./tenancy";

export const addNote = tenantAction(async (form: FormData) => {
  const text = form.get("text");
  if (typeof text !== "string") return;
  await insertNote(text);
  revalidatePath("/");
});
