export { createAdmin, type Admin } from "./create-admin.ts";
export type { AdminOptions } from "./mount.ts";
export { toNodeListener, type AdminNodeListener } from "./node-listener.ts";
export { toFastifyPlugin, type AdminFastifyPlugin } from "./fastify-plugin.ts";
export { toKoaMiddleware, type AdminKoaMiddleware } from "./koa-middleware.ts";
export type { AdminPerson, Authorize } from "./security/authorize.ts";
export type { RateLimit } from "./security/rate-limit.ts";
export type { Permission } from "./contract.ts";
