"use server";

import { tenancy, tenantAction } from "./tenancy.js";

export const addNote = tenantAction(async (form) => {
  await tenancy.pool.query("insert into note (body) values ($1)", [form.get("body")]);
});
