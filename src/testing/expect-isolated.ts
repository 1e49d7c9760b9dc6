import { AsyncLocalStorage } from "node:async_hooks";
import { randomBytes } from "node:crypto";
import type { Scope } from "../core/scope.ts";
import type { Tenancy } from "../core/tenancy.ts";
import type { Tenant } from "../core/tenant.ts";
import { TenancyError } from "../errors/tenancy-error.ts";
import { resolveSettings } from "../tenancy/settings.ts";
import { stateOf } from "./state.ts";
import { type Contents, differences, readContents, readText } from "./table-contents.ts";
import { testTenant, type TestTenant } from "./test-tenant.ts";

/** For whom `expectIsolated` runs its function. */
export interface IsolationSubject {
  /** The tenant. */
  readonly tenant: Tenant;
  /**
   * Text that is this tenant's alone, letters and digits. Write it where the application lets its users
   * write, such as into the title of a note; wherever else it is found, it has crossed.
   */
  readonly marker: string;
}

/** What `expectIsolated` is told of the application. */
export interface IsolationOptions {
  /**
   * Tenants, three at least, in place of new ones: of the last one only what the first run has written
   * is there to be seen. Needed within `rolledBack`, where none can be made.
   */
  readonly tenants?: readonly Tenant[];
  /**
   * Whether the function runs in the tenant's scope, or in none, as for requests, which find their
   * tenant by themselves. Default `"tenant"`.
   */
  readonly scope?: "tenant" | "none";
  /** Tables of the global schema that the function may write, such as those of sessions. Default: none. */
  readonly globalTables?: readonly string[];
  /**
   * Where each tenant's `marker` has to be found in the end, as else nothing is proven: in its tables, or
   * in global ones that the function may write; or, for what is kept in no table, such as in a cache, in
   * what is returned. Default `"tables"`.
   */
  readonly expects?: "tables" | "results";
  /** How often each tenant runs it alone, and then all of them at once. Default 2. */
  readonly rounds?: number;
}

/** One thing that has gone from one tenant to another. */
export interface Crossing {
  /** What has happened. */
  readonly kind:
    | "foreign-result"
    | "foreign-row"
    | "foreign-scope"
    | "global-table"
    | "missing-scope"
    | "touched";
  /** Slug of the tenant that the function ran for, or whose tables they are; `undefined` for the global ones. */
  readonly tenant: string | undefined;
  /** In words. */
  readonly fact: string;
}

/** Thrown by `expectIsolated`. */
export class IsolationError extends TenancyError {
  /** What has crossed. */
  readonly crossings: readonly Crossing[];

  constructor(crossings: readonly Crossing[]) {
    const [first] = crossings;
    const more = crossings.length > 1 ? ` And ${crossings.length - 1} more:` : "";
    const list = crossings.slice(1).map(({ fact }) => `\n  - ${fact}`);
    super(
      "NOT_ISOLATED",
      `${first?.fact ?? "Something has crossed."}${more}${list.join("")}${more && "\n"}`,
      {
        tenant: first?.tenant,
      },
    );
    this.crossings = crossings;
  }
}

/**
 * Runs a function as several tenants, one after the other and then at once, and proves that nothing of
 * one is seen by another: neither in what it returns, nor in anybody's tables.
 *
 * A bystander runs it first, so that there is something to be seen; whose tables must then stay as they
 * are. A function that leaves no marker of each of them proves nothing, and is refused.
 *
 * @param fn - such as: make a note called `marker` by a request, and return the list of all notes
 * @throws IsolationError (`NOT_ISOLATED`), whose `crossings` name what was found; what `fn` throws;
 *   TenancyError `INVALID_QUERY` when a marker is not found where `expects` says
 */
export async function expectIsolated(
  tenancy: Tenancy,
  fn: (subject: IsolationSubject) => unknown,
  options: IsolationOptions = {},
): Promise<void> {
  const made: TestTenant[] = [];
  try {
    const tenants = options.tenants ?? (await makeTenants(tenancy, made));
    if (new Set(tenants.map(({ id }) => id)).size < 3) {
      throw new TenancyError(
        "INVALID_QUERY",
        "`expectIsolated` was given less than three tenants.",
      );
    }
    const subjects = tenants.map((tenant) => ({
      marker: `mark${randomBytes(8).toString("hex")}`,
      tenant,
    }));
    const crossings = await new Trial(tenancy, fn, options, subjects).run();
    if (crossings.length > 0) throw new IsolationError(crossings);
  } finally {
    for (const tenant of made) await tenant.drop();
  }
}

async function makeTenants(tenancy: Tenancy, made: TestTenant[]): Promise<Tenant[]> {
  for (const test of ["one", "two", "bystander"]) made.push(await testTenant(tenancy, { test }));
  return made.map(({ tenant }) => tenant);
}

/** Whom a call tree runs for, and who looks. Several trials may run at once. */
const running = new AsyncLocalStorage<
  { readonly subject: IsolationSubject; readonly trial: Trial } | undefined
>();

function noteQuery(scope: Scope | undefined): void {
  const current = running.getStore();
  current?.trial.noteScope(current.subject, scope);
}

/** One run of {@link expectIsolated}. */
class Trial {
  readonly #tenancy: Tenancy;
  readonly #fn: (subject: IsolationSubject) => unknown;
  readonly #options: IsolationOptions;
  readonly #subjects: readonly IsolationSubject[];
  readonly #crossings = new Map<string, Crossing>();
  /** Markers that were found where they belong: in tables, or in results. */
  readonly #stored = new Set<string>();
  readonly #returned = new Set<string>();

  constructor(
    tenancy: Tenancy,
    fn: (subject: IsolationSubject) => unknown,
    options: IsolationOptions,
    subjects: readonly IsolationSubject[],
  ) {
    this.#tenancy = tenancy;
    this.#fn = fn;
    this.#options = options;
    this.#subjects = subjects;
  }

  async run(): Promise<Crossing[]> {
    stateOf(this.#tenancy).onQuery = noteQuery;
    const bystander = this.#subjects.at(-1) as IsolationSubject;
    const actors = this.#subjects.slice(0, -1);
    const globalBefore = await this.#read(null);
    await this.#runAs(bystander);
    const before = await this.#read(bystander.tenant);
    const { rounds = 2 } = this.#options;
    for (let round = 0; round < rounds; round += 1) {
      for (const actor of actors) await this.#runAs(actor);
    }
    const all = Array.from({ length: rounds }, () => actors).flat();
    const outcomes = await Promise.allSettled(all.map((actor) => this.#runAs(actor)));
    const failed = outcomes.find((outcome) => outcome.status === "rejected");
    if (failed !== undefined) throw failed.reason;
    this.#compareTouched(bystander, differences(before, await this.#read(bystander.tenant)));
    for (const subject of this.#subjects) {
      this.#searchTables(subject, await this.#read(subject.tenant));
    }
    this.#compareGlobal(differences(globalBefore, await this.#read(null)));
    if (this.#crossings.size === 0) this.#checkProof();
    return [...this.#crossings.values()];
  }

  async #runAs(subject: IsolationSubject): Promise<void> {
    const { tenant } = subject;
    const call = async (): Promise<unknown> => await this.#fn(subject);
    const result = await running.run({ subject, trial: this }, () =>
      this.#options.scope === "none"
        ? this.#tenancy.scope(call)
        : this.#tenancy.withTenant(tenant, call),
    );
    const text = (await readText(result)).toLowerCase();
    if (text.includes(subject.marker)) this.#returned.add(subject.marker);
    for (const other of this.#othersIn(text, subject)) {
      this.#note(
        "foreign-result",
        tenant.slug,
        `What "${tenant.slug}" was given has data of "${other.tenant.slug}" in it.`,
      );
    }
  }

  /** A proof that nobody's mark was left for others to find is none. */
  #checkProof(): void {
    const { expects = "tables" } = this.#options;
    const found = expects === "tables" ? this.#stored : this.#returned;
    for (const { marker, tenant } of this.#subjects) {
      if (!found.has(marker)) throw provesNothing(tenant.slug, expects);
    }
  }

  noteScope(subject: IsolationSubject, scope: Scope | undefined): void {
    const { slug } = subject.tenant;
    if (scope === undefined) {
      this.#note("missing-scope", slug, `A query for "${slug}" was sent in no scope.`);
    } else if (scope.kind === "tenant" && scope.tenant.id !== subject.tenant.id) {
      this.#note(
        "foreign-scope",
        slug,
        `A query for "${slug}" was sent in the scope of "${scope.tenant.slug}".`,
      );
    }
  }

  #searchTables(subject: IsolationSubject, contents: Contents): void {
    const { slug } = subject.tenant;
    for (const [table, rows] of contents) {
      const text = rows.join("\n").toLowerCase();
      if (text.includes(subject.marker)) this.#stored.add(subject.marker);
      for (const other of this.#othersIn(text, subject)) {
        this.#note(
          "foreign-row",
          slug,
          `The table "${table}" of "${slug}" has a row of "${other.tenant.slug}".`,
        );
      }
    }
  }

  #compareTouched({ tenant: { slug } }: IsolationSubject, changed: Map<string, string[]>): void {
    for (const [table, rows] of changed) {
      this.#note(
        "touched",
        slug,
        `The table "${table}" of "${slug}" was changed (${rows.length} rows) while nothing was run for it.`,
      );
    }
  }

  #compareGlobal(changed: Map<string, string[]>): void {
    for (const [table, rows] of changed) {
      if (this.#options.globalTables?.includes(table) === true) {
        const text = rows.join("\n").toLowerCase();
        for (const { marker } of this.#subjects) {
          if (text.includes(marker)) this.#stored.add(marker);
        }
        continue;
      }
      this.#note(
        "global-table",
        undefined,
        `The global table "${table}" was written (${rows.length} rows).`,
      );
    }
  }

  #othersIn(text: string, subject: IsolationSubject): IsolationSubject[] {
    return this.#subjects.filter(
      ({ marker, tenant }) =>
        marker !== subject.marker && (text.includes(marker) || text.includes(tenant.id)),
    );
  }

  #read(tenant: Tenant | null): Promise<Contents> {
    const { config } = stateOf(this.#tenancy);
    const { migrations, registry } = resolveSettings(config);
    const { domainsTable, table } = registry;
    const own = new Set([domainsTable, table, migrations.table]);
    const isSkipped = (name: string): boolean => own.has(name) || name.startsWith("kirayedar_");
    return running.run(undefined, () =>
      readContents(this.#tenancy, config.database.dialect, tenant, isSkipped),
    );
  }

  /** Each is told once, however often it happens. */
  #note(kind: Crossing["kind"], tenant: string | undefined, fact: string): void {
    this.#crossings.set(fact, { fact, kind, tenant });
  }
}

function provesNothing(slug: string, expects: "tables" | "results"): TenancyError {
  return new TenancyError(
    "INVALID_QUERY",
    `The function has proven nothing for "${slug}": its \`marker\` is in none of the ${expects}.`,
    {
      remedy:
        'Write `marker` where the application\'s users write, and return what they then see; if that is in no table, pass `expects: "results"`.',
      tenant: slug,
    },
  );
}
