/**
 * Every stable error code, with the remedy that its message ends in.
 *
 * The remedies are part of the code list so that no code can be added without saying what to do
 * about it; `docs/reference/errors.md` has one section for each, and a test compares the two.
 */
export const REMEDIES = {
  AUDIT_FAILED: "Look at the cause. Nothing was done: what cannot be recorded is not begun.",
  CONFIG_NOT_FOUND: "Create `kirayedar.config.ts`, or name a file with `--config`.",
  DATABASE_UNAVAILABLE: "Check that the server runs and that the connection settings are right.",
  DIRECT_CONNECTION_REQUIRED:
    "Give the driver a `directConnectionString` that bypasses the transaction pooler.",
  DOMAIN_NOT_VERIFIED:
    "Publish the record or the file, wait until everybody can see it, and verify again.",
  DOMAIN_TAKEN: "Remove the domain from the other tenant first, or choose another one.",
  HEALTH_CHECK_FAILED: "Look at the cause; the tenant itself was not changed.",
  HISTORY_MISMATCH:
    'Put the files or the history right; or say what has been applied, by `applied: "all"`, `"none"` or a version (`--applied`).',
  HOOK_FAILED: "Look at the cause, which is the error that your hook threw.",
  INVALID_CONFIG: "Correct the configuration.",
  INVALID_CURSOR: "Pass `nextCursor` of the previous page unchanged, or start without a cursor.",
  INVALID_DOMAIN: "Use a host name such as `shop.example.com`, without scheme, port or path.",
  INVALID_KEY: "Pass text or whole numbers; of a part that is long, pass a hash.",
  INVALID_PATH: "Pass one plain file name for each part, or a name of your own making.",
  INVALID_QUERY: "Correct the call.",
  INVALID_SCHEMA_NAME: "Use a name without control characters, and no longer than is allowed.",
  INVALID_STATE: "Bring the tenant into a state that allows this, or wait until it is in one.",
  INVALID_TENANT_ID:
    "Use lower-case letters, digits, `_` and `-`, starting and ending with a letter or digit.",
  LEASE_ENDED: "Do not keep a client, or anything made from it, after it was released.",
  MIGRATION_CHANGED: "Restore the file as it was applied, and put the change into a new migration.",
  MIGRATION_FAILED: "Correct the migration and run it again; nothing that succeeded is repeated.",
  MIGRATION_INTERRUPTED:
    'Look at the schema; then go on with `interrupted: "repeat"` or `"skip"`, or roll the migration back.',
  MIGRATION_INVALID: "Correct the migration file.",
  MIGRATION_IRREVERSIBLE: "Add a down part to the migration, or write a new one that undoes it.",
  MIGRATION_MISSING: "Restore the file, or run the checkout that has it.",
  MIGRATION_NOT_FOUND: "Check the version; `kirayedar status` lists the known ones.",
  MIGRATION_OUT_OF_ORDER:
    "Give the migration a version after the newest applied one, or turn off `migrations.strictOrder`.",
  MIGRATIONS_FOLDER_MISSING: "Create the folder, or correct `migrations` in the configuration.",
  MULTIPLE_STATEMENTS:
    'Send the statements one by one, or pass `queryMode: "simple"` with text that you trust.',
  NOT_ISOLATED: "Look at what is named: it was reached from a tenant that it does not belong to.",
  PROGRAM_NOT_FOUND: "Install it, or put the folder that it is in into `PATH`.",
  REGISTRY_MISSING:
    "Run `kirayedar migrate --global`, or `await tenancy.migrateGlobal()`; if that was done, the configuration names other tables or columns than it did then.",
  SANDBOX_BLOCKED:
    "End the inner transaction before the outer one goes on, or send the statement by the transaction that is open.",
  SANDBOX_REFUSED: "Test this without `rolledBack`, in a tenant of its own.",
  SCHEMA_EXISTS: "Choose another schema name, or remove the schema if nobody needs it.",
  SCHEMA_NOT_FOUND: "Restore the schema, or drop the tenant and create it again.",
  SCHEMA_NOT_MOVABLE:
    "Change or remove what is named, rename, and make it again; nothing was changed.",
  SCHEMA_NOT_READABLE:
    "Look at the cause; the database user may lack the right to see what is in the schema.",
  SCHEMA_REFERENCED: "Remove what refers to it first, such as in the hook `beforeDrop`.",
  SCOPE_REQUIRED: "Call it inside `tenancy.scope(fn)`, `withTenant` or a request.",
  SEED_FAILED: "Correct the seed and run it again; nothing of it was kept.",
  SEED_INVALID: "Correct the seed.",
  STATEMENT_NEEDS_SESSION:
    "Run it through a driver that is connected directly, not through a transaction pooler; or, if it is a COPY, in a transaction.",
  TENANCY_CLOSED: "Create a new tenancy; this one was closed.",
  TENANT_BUSY: "Try again when the other operation on this tenant has ended.",
  TENANT_EXISTS: 'Choose another slug, or pass `ifExists: "keep"` to take the tenant as it is.',
  TENANT_NOT_ACTIVE: "Resume the tenant, or repeat `create` if it was interrupted.",
  TENANT_NOT_FOUND: "Check the identifier, or create the tenant first.",
  TENANT_REQUIRED: "Wrap the call in `withTenant(slug, fn)` or `scopeGlobal(fn)`.",
  TRANSACTION_ABORTED:
    "Let the error of a failed statement leave the function, or use a savepoint around it.",
  TRANSACTION_LEFT_OPEN:
    "Use `tenancy.transaction(fn)`, or take a client with `pool.connect()` for the whole transaction.",
  UNSUPPORTED_DRIVER: "Install a supported version of the driver.",
  UNSUPPORTED_PEER: "Install a supported version of the library.",
  WRONG_TENANT:
    "Load it again in the tenant that it is to be used in, or go back to its own tenant.",
} as const;

/** A stable identifier of what went wrong. Branch on it; never on the message. */
export type ErrorCode = keyof typeof REMEDIES;
