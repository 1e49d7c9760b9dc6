export { sessionGuard, type SessionGuardOptions, type SessionMiddleware } from "./session-guard.ts";
export {
  checkSession,
  type CheckSessionOptions,
  type SessionOrigin,
  type SessionTenancy,
} from "./session-origin.ts";
export { tenantStore, type SessionStoreLike, type StoreTenancy } from "./tenant-store.ts";
