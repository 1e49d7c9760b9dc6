import type { MigrationView, TenantAction, TenantDetails } from "../../contract.ts";

/** Something that is wrong with a tenant, or that keeps it from being served. */
export interface TenantProblem {
  /** One of each; for keys of lists. */
  readonly key: string;
  /** `danger`: broken; `warning`: to be seen to; `notice`: somebody wanted it so. */
  readonly tone: "danger" | "notice" | "warning";
  /** What it is, in a few words. */
  readonly title: string;
  /** What that means, and what mends it. */
  readonly text: string;
  /** The action that mends it. */
  readonly action: TenantAction | null;
  /** Whether creating it again, under the same slug, mends it. */
  readonly createAgain: boolean;
  /** The run that tells more. */
  readonly run: string | null;
}

/** How a tenant failed in a run over the fleet. */
export interface RunFailure {
  readonly run: string;
  readonly code: string | null;
  readonly message: string | null;
}

type Found = Omit<TenantProblem, "action" | "createAgain" | "run"> & Partial<TenantProblem>;

/**
 * Tells what is wrong with a tenant, the worst first.
 *
 * @param known - `migrations`: its migrations, `null` while they are not known; `isBusy`: whether something
 *   is being done with it in this moment; `failure`: how it failed in the last run, if it did
 */
export function tenantProblems(
  tenant: TenantDetails,
  known: {
    readonly migrations: readonly MigrationView[] | null;
    readonly isBusy: boolean;
    readonly failure: RunFailure | null;
  },
): TenantProblem[] {
  const found = [
    ...(known.isBusy ? [] : ofState(tenant)),
    ...ofHealth(tenant),
    ...ofRun(tenant, known.failure),
    ...ofMigrations(tenant, known.migrations ?? []),
    ...ofDomains(tenant),
  ];
  const grades = ["danger", "warning", "notice"];
  return found
    .map((problem) => ({ action: null, createAgain: false, run: null, ...problem }))
    .toSorted((a, b) => grades.indexOf(a.tone) - grades.indexOf(b.tone));
}

function ofState({ slug, state }: TenantDetails): Found[] {
  const key = "state";
  switch (state) {
    case "failed":
      return [
        {
          createAgain: true,
          key,
          text: "Creating it could neither be finished nor undone. Look at the recent events for the error; then create it again under the same slug, or drop it.",
          title: "It was never finished",
          tone: "danger",
        },
      ];
    case "provisioning":
      return [
        {
          createAgain: true,
          key,
          text: "If nobody is at it, an attempt has died halfway: creating it again under the same slug takes it up, and dropping it undoes it.",
          title: "It is still being created",
          tone: "warning",
        },
      ];
    case "dropping":
      return [
        {
          action: "drop",
          key,
          text: "If nobody is at it, an attempt has died halfway. Dropping it again finishes it.",
          title: "It is being dropped",
          tone: "danger",
        },
      ];
    case "renaming":
      return [
        {
          action: "rename",
          key,
          text: `If nobody is at it, an attempt has died halfway. Renaming it to ${slug} again finishes it.`,
          title: "It is being renamed",
          tone: "warning",
        },
      ];
    case "suspended":
      return [
        {
          action: "resume",
          key,
          text: "Its requests are answered with 403. Its data are as they were.",
          title: "It is suspended",
          tone: "notice",
        },
      ];
    case "maintenance":
      return [
        {
          action: "resume",
          key,
          text: "Its requests are answered with 503 until it is resumed.",
          title: "It is in maintenance",
          tone: "notice",
        },
      ];
    default:
      return [];
  }
}

function ofHealth({ health, healthError, schemaName, state }: TenantDetails): Found[] {
  if (health === null) {
    return healthError === null
      ? []
      : [{ key: "health", text: healthError, title: "Its schema cannot be read", tone: "danger" }];
  }
  // One that is half-made or half-removed may lack its schema; its state has said so.
  const mayLack = ["dropping", "failed", "provisioning"].includes(state);
  if (health.schemaExists || mayLack) return [];
  return [
    {
      key: "schema",
      text: `There is no schema ${schemaName}. Restore it from a backup; or, if nothing in it is missed, drop the tenant and create it again.`,
      title: "Its schema is missing",
      tone: "danger",
    },
  ];
}

function ofRun({ health }: TenantDetails, failure: RunFailure | null): Found[] {
  // Where nothing is pending any more, it has been mended since.
  if (failure === null || health === null || health.pending.length === 0) return [];
  const { code, message, run } = failure;
  return [
    {
      key: "run",
      run,
      text: `${[code, message].filter((part) => part !== null).join(": ")}. Mend it, then migrate the tenant, or resume the run.`,
      title: "It failed in the last run",
      tone: "danger",
    },
  ];
}

function ofMigrations(tenant: TenantDetails, migrations: readonly MigrationView[]): Found[] {
  if (tenant.health?.schemaExists !== true) return [];
  const of = (state: string): string[] =>
    migrations
      .filter((one) => one.state === state)
      .map(({ name, version }) => `${version} ${name}`);
  const [partial, changed, missing] = [of("partial"), of("changed"), of("missing")];
  const pending = tenant.health.pending.length;
  return [
    ...when(partial, {
      action: "migrate",
      key: "partial",
      text: `${partial.join(", ")}: some of its statements are done, some are not. Correct the migration, then migrate again: what is done is not repeated.`,
      title: "A migration stopped halfway",
      tone: "danger",
    }),
    ...when(changed, {
      key: "changed",
      text: `${changed.join(", ")}: the file is not what was applied here. Restore it, and put the change into a new migration.`,
      title: "A migration was changed after it was applied",
      tone: "warning",
    }),
    ...when(missing, {
      key: "missing",
      text: `${missing.join(", ")}: applied here, and unknown to this checkout. The tenant may have been migrated by a newer one.`,
      title: "It has a migration that is unknown here",
      tone: "warning",
    }),
    ...(pending === 0 || partial.length > 0
      ? []
      : [
          {
            action: "migrate" as const,
            key: "pending",
            text: `The application may expect what ${pending === 1 ? "it makes" : "they make"}.`,
            title: pending === 1 ? "A migration is pending" : `${pending} migrations are pending`,
            tone: "warning" as const,
          },
        ]),
  ];
}

function ofDomains({ domainList }: TenantDetails): Found[] {
  // A claim whose record is not there yet has not failed.
  const failing = domainList.filter(
    ({ failingSince, state }) => state === "verified" && failingSince !== null,
  );
  return when(
    failing.map(({ domain }) => domain),
    {
      key: "domains",
      text: `${failing.map(({ domain }) => domain).join(", ")}: neither record nor file is found any more. It is served for a while yet, and then no longer.`,
      title: "A domain cannot be verified any more",
      tone: "warning",
    },
  );
}

function when(found: readonly string[], problem: Found): Found[] {
  return found.length === 0 ? [] : [problem];
}
