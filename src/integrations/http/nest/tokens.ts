/** Injection token of the application's tenancy; `@InjectTenancy()` is short for it. */
export const TENANCY: unique symbol = Symbol("kirayedar.tenancy");

/**
 * Injection token of the middleware that enters the scope. The module installs it behind Nest's body
 * parsers; `app.use(app.get(TENANT_MIDDLEWARE))` puts it before what `main.ts` uses next.
 */
export const TENANT_MIDDLEWARE: unique symbol = Symbol("kirayedar.tenantMiddleware");

/** Injection token of the module's own options. */
export const OPTIONS: unique symbol = Symbol("kirayedar.options");
