import { ENTRY_PATTERNS } from "../find-entry.ts";
import { insertBehind } from "./insert-behind.ts";
import type { Mount } from "./mount.ts";

/** Express, Hono and Koa: a line of middleware, before everything that is a tenant's. */
function middleware(framework: "express" | "hono" | "koa"): Mount {
  const pattern = ENTRY_PATTERNS[framework] ?? /$^/;
  return {
    byHand: () => "app.use(tenantMiddleware(tenancy));",
    imports: [{ from: `kirayedar/${framework}`, names: ["tenantMiddleware"] }],
    insert: (text) =>
      insertBehind(text, pattern, ({ name }) => `${name}.use(tenantMiddleware(tenancy))`),
    where: "behind the line that makes your application, before its routes",
  };
}

/** Express. */
export const express: Mount = middleware("express");

/** Hono. */
export const hono: Mount = middleware("hono");

/** Koa. */
export const koa: Mount = middleware("koa");
