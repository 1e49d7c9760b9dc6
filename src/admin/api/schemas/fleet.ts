import type {
  AuditList,
  AuditView,
  MigrationList,
  MigrationsOverview,
  MigrationView,
  Operation,
  Overview,
  Problem,
  RunCounts,
  RunDetails,
  RunList,
  RunRequest,
  RunView,
  SlugGroup,
} from "../../contract.ts";
import {
  BOOLEAN,
  COUNT,
  DURATION,
  integer,
  list,
  nullable,
  object,
  oneOf,
  record,
  ref,
  type Schema,
  text,
  TIME,
} from "../schema.ts";

const VERSIONS = list(
  object<Overview["versions"][number]>({
    ahead: COUNT,
    behind: COUNT,
    tenants: COUNT,
    version: nullable(text()),
  }),
);
const FAILURES = list(
  object<Overview["failures"][number]>({
    code: nullable(text()),
    run: nullable(text()),
    slug: text(),
  }),
);
const COUNTS = ref<RunCounts>("RunCounts");
const GROUP = ref<SlugGroup>("SlugGroup");
const MIGRATION = ref<MigrationView>("MigrationView");
const SLUGS = list(text({ maxLength: 200, minLength: 1 }), { maxItems: 10_000 });

const RUN = {
  counts: COUNTS,
  endedAt: nullable(TIME),
  host: text(),
  id: text(),
  latestVersion: nullable(text()),
  options: record(true),
  resumedBy: nullable(text()),
  resumes: nullable(text()),
  startedAt: TIME,
  state: oneOf(["running", "done", "failed", "died"]),
  stopped: nullable(text()),
  verb: oneOf(["migrate", "rollback"]),
} as const;

/** Schemas of what concerns many tenants, and of what happens. */
export const FLEET_SCHEMAS: Readonly<Record<string, Schema>> = {
  AuditList: object<AuditList>({
    entries: list(ref<AuditView>("AuditView")),
    nextCursor: nullable(text()),
  }),
  AuditView: object<AuditView>({
    action: text(),
    actor: text(),
    at: TIME,
    details: record(true),
    durationMs: nullable(DURATION),
    errorCode: nullable(text()),
    id: text(),
    outcome: oneOf(["begun", "done", "failed"]),
    tenant: nullable(text()),
    via: text(),
  }),
  MigrationList: object<MigrationList>({ migrations: list(MIGRATION) }),
  MigrationsOverview: object<MigrationsOverview>({
    ahead: GROUP,
    behind: GROUP,
    changed: GROUP,
    dirty: GROUP,
    failed: object<MigrationsOverview["failed"]>({ count: COUNT, tenants: FAILURES }),
    global: list(MIGRATION),
    latestVersion: nullable(text()),
    pending: list(object<MigrationsOverview["pending"][number]>({ name: text(), version: text() })),
    resumable: nullable(text()),
    tenants: COUNT,
    versions: VERSIONS,
  }),
  MigrationView: object<MigrationView>({
    appliedAt: nullable(TIME),
    name: text(),
    state: oneOf(["applied", "pending", "partial", "changed", "missing"]),
    version: text(),
  }),
  Operation: object<Operation>({
    action: text(),
    counts: nullable(COUNTS),
    dryRun: BOOLEAN,
    endedAt: nullable(TIME),
    error: nullable(ref<Problem["error"]>("ProblemError")),
    failures: list(
      object<Operation["failures"][number]>({
        code: nullable(text()),
        message: text(),
        slug: text(),
      }),
    ),
    id: text(),
    person: text(),
    progress: nullable(object<NonNullable<Operation["progress"]>>({ done: COUNT, total: COUNT })),
    runId: nullable(text()),
    startedAt: TIME,
    state: oneOf(["running", "done", "failed"]),
    steps: list(object<Operation["steps"][number]>({ at: TIME, step: text() })),
    summary: nullable(text()),
    tenant: nullable(text()),
  }),
  Overview: object<Overview>({
    behind: COUNT,
    created: list(object<Overview["created"][number]>({ day: text(), tenants: COUNT })),
    failureCount: COUNT,
    failures: FAILURES,
    largest: nullable(
      list(
        object<NonNullable<Overview["largest"]>[number]>({
          bytes: COUNT,
          slug: text(),
          tables: COUNT,
        }),
      ),
    ),
    latestVersion: nullable(text()),
    servers: list(text()),
    states: record(COUNT),
    tenants: COUNT,
    versions: VERSIONS,
  }),
  Problem: object<Problem>({ error: ref<Problem["error"]>("ProblemError") }),
  ProblemError: object<Problem["error"]>({ code: text(), message: text() }),
  RunCounts: object<RunCounts>({
    changed: COUNT,
    failed: COUNT,
    notReached: COUNT,
    unchanged: COUNT,
  }),
  RunDetails: object<RunDetails>({
    ...RUN,
    tenants: list(
      object<RunDetails["tenants"][number]>({
        code: nullable(text()),
        message: nullable(text()),
        outcome: oneOf(["failed", "notReached"]),
        slug: text(),
      }),
    ),
  }),
  RunList: object<RunList>({ runs: list(ref<RunView>("RunView")) }),
  RunRequest: object<RunRequest>(
    {
      canary: SLUGS,
      concurrency: integer(1, 1000),
      confirm: text({ maxLength: 200 }),
      dryRun: BOOLEAN,
      maxFailures: {
        anyOf: [
          integer(0, Number.MAX_SAFE_INTEGER),
          text({ maxLength: 20, pattern: "^(100|\\d{1,2}(\\.\\d+)?)%$" }),
        ],
      },
      only: SLUGS,
      perSecond: { exclusiveMinimum: 0, maximum: 1_000_000, type: "number" },
      resume: BOOLEAN,
      steps: integer(1, 1000),
      verb: oneOf(["migrate", "rollback"]),
    },
    [
      "canary",
      "concurrency",
      "confirm",
      "dryRun",
      "maxFailures",
      "only",
      "perSecond",
      "resume",
      "steps",
    ],
  ),
  RunView: object<RunView>(RUN),
  SlugGroup: object<SlugGroup>({ count: COUNT, slugs: list(text()) }),
};
