"use server";

import { revalidatePath } from "next/cache";
import { insertNote } from "./notes";
import { tenantAction } from "./tenancy";

export const addNote = tenantAction(async (form: FormData) => {
  await insertNote(form.get("text") as string);
  revalidatePath("/");
});
