import type { Permission } from "../contract.ts";
import type { Console } from "../console.ts";
import { PERMISSIONS } from "./schemas/tenants.ts";
import { RequestError } from "./problem.ts";
import type { Schema, SchemaOf } from "./schema.ts";

/** A request that was let in. */
export interface Call<Body = unknown, Query = unknown> {
  /** What this console works with. */
  readonly console: Console;
  /** Who asks. */
  readonly person: string;
  /** What they may do. */
  readonly may: Permission;
  /** What the path names. */
  readonly params: Readonly<Record<string, string>>;
  /** The checked query. */
  readonly query: Query;
  /** The checked body. */
  readonly body: Body;
  /** The request itself; its body has been read. */
  readonly request: Request;
  /** Whether the person would be let in now, for what goes on for long; never rejects. */
  readonly isAllowed: () => Promise<boolean>;
  /** What the pages have to send back. */
  readonly csrfToken: string;
}

/** Methods of the API. */
export type Method = "DELETE" | "GET" | "PATCH" | "POST";

/** One entry of the table that routing, permissions and the OpenAPI document are made from. */
export interface Route {
  /** Method. */
  readonly method: Method;
  /** Path below `api/`, such as `"tenants/{slug}"`. */
  readonly path: string;
  /** What a person must be allowed to do. */
  readonly permission: Permission;
  /** What it does, for the document. */
  readonly summary: string;
  /** Its parameters behind the question mark. */
  readonly query?: Readonly<Record<string, Schema>>;
  /** Its body; there is none where this is absent. */
  readonly body?: Schema;
  /** Status of success. */
  readonly status: 200 | 202 | 204;
  /** What success answers with; `"events"` is a stream of them. */
  readonly answer: Schema | "events" | undefined;
  /** Does it; what it returns becomes the answer. */
  readonly handle: (call: Call<never, never>) => unknown;
}

/** Types one route: its handler receives what its schemas describe, and returns what they promise. */
export function defineRoute<Answer, Body = undefined, Query = Record<string, never>>(
  route: Omit<Route, "answer" | "body" | "handle"> & {
    readonly answer: SchemaOf<Answer> | undefined;
    readonly body?: SchemaOf<Body>;
    readonly handle: (call: Call<Body, Query>) => Promise<Answer>;
  },
): Route {
  return route;
}

/** Whether somebody who may do one thing may do another. */
export function isAllowed(may: Permission, needed: Permission): boolean {
  return PERMISSIONS.indexOf(may) >= PERMISSIONS.indexOf(needed);
}

/** Refuses what the person may not do. @throws RequestError `FORBIDDEN` */
export function requirePermission(may: Permission, needed: Permission): void {
  if (isAllowed(may, needed)) return;
  throw new RequestError("FORBIDDEN", `This needs the permission \`${needed}\`.`);
}

/** Refuses what was not confirmed. @throws RequestError `INVALID_REQUEST` */
export function requireConfirmation(given: string | undefined, wanted: string): void {
  if (given === wanted) return;
  throw new RequestError("INVALID_REQUEST", `\`confirm\` has to be "${wanted}".`);
}
