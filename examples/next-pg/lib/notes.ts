import { scoped, tenancy } from "./tenancy";

export interface Note {
  readonly id: number;
  readonly text: string;
}

export const tenantSlug = scoped(async () => tenancy.requireTenant().slug);

export const listNotes = scoped(async () => {
  const { rows } = await tenancy.pool.query<Note>("select id, text from notes order by id");
  return rows;
});

export const insertNote = scoped(async (text: string) => {
  const insert = "insert into notes (text) values ($1) returning id, text";
  const { rows } = await tenancy.pool.query<Note>(insert, [text]);
  return rows[0];
});
