import type { Queryable } from "kirayedar";
import type { DemoDatabase } from "./database.ts";

/** One note of a tenant's. */
export interface Note {
  readonly id: number | string;
  readonly body: string;
  readonly is_pinned: boolean | number;
}

/** The notes of whichever tenant is in scope. */
export interface Notes {
  add(body: string): Promise<void>;
  list(): Promise<Note[]>;
  remove(id: string): Promise<void>;
  togglePin(id: string): Promise<void>;
}

/** Everything that the demo asks of a tenant's tables. No statement says whose they are. */
export function openNotes(on: Queryable, { parameter }: Pick<DemoDatabase, "parameter">): Notes {
  const run = async (text: string, value: string): Promise<void> => {
    await on.query(text, [value]);
  };
  return {
    add: (body) => run(`insert into notes (body) values (${parameter})`, body),
    list: async () => {
      const { rows } = await on.query<Note>(
        "select id, body, is_pinned from notes order by is_pinned desc, id desc limit 100",
      );
      return rows;
    },
    remove: (id) => run(`delete from notes where id = ${parameter}`, id),
    togglePin: (id) =>
      run(`update notes set is_pinned = not is_pinned where id = ${parameter}`, id),
  };
}

/** Counts a tenant's notes. */
export async function countNotes(on: Queryable): Promise<number> {
  const { rows } = await on.query<{ n: number | string }>("select count(*) as n from notes");
  return Number(rows[0]?.n ?? 0);
}
