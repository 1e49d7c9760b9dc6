import { normalizeHost } from "../../resolvers/normalize-host.ts";
import { engineOfUrl } from "./detect-database.ts";
import {
  type Answers,
  type DriverName,
  engineOf,
  ORM_DRIVERS,
  type ProjectFacts,
} from "./facts.ts";
import { DRIVERS, FRAMEWORKS, ORMS } from "./labels.ts";
import { parseTenantName } from "./names.ts";

/** What a default may depend on. */
export interface Asking {
  readonly facts: ProjectFacts;
  /** What was answered before, in the order of the questions. */
  readonly answers: Partial<Answers>;
}

/** One value that can be chosen. */
export interface Choice {
  readonly value: string;
  readonly label: string;
}

/** One question of the wizard, and its flag. */
export interface Question {
  /** The answer's name. */
  readonly key: keyof Answers;
  /** Its flag, as it is typed. */
  readonly flag: string;
  /** What a terminal asks. */
  readonly prompt: string;
  /** Values to choose from; a text is typed where it is missing. */
  readonly choices?: (asking: Asking) => readonly Choice[];
  /** Whether it is answered with yes or no. */
  readonly isYesOrNo?: true;
  /** What is taken when nobody says otherwise. */
  readonly defaultOf: (asking: Asking) => string | boolean;
  /** Where the default was found, for people. */
  readonly foundIn?: (asking: Asking) => string | undefined;
  /** Brings an answer into the form that is used. */
  readonly clean?: (value: string) => string;
  /** Returns what is wrong with an answer. */
  readonly check?: (value: string, asking: Asking) => string | undefined;
  /** Whether it is asked at all. */
  readonly isAsked?: (asking: Asking) => boolean;
}

/** Every question, in the order in which they are asked. */
export const QUESTIONS: readonly Question[] = [
  {
    check: (value, { facts }) => {
      const names = parseTenantName(value);
      if (typeof names === "string") return names;
      const taken = [names.table, names.model].find((name) => facts.tables.has(name));
      if (taken === undefined) return undefined;
      return `${facts.tables.get(taken)} has ${taken} already. Call them something else, or make that table the one of tenants: see docs/recipes/existing-table.md.`;
    },
    defaultOf: () => "Tenant",
    flag: "--tenant-name",
    key: "tenantName",
    prompt: "What is one of your tenants called, in the singular (Organization, Clinic, …)?",
  },
  {
    choices: () => [
      { label: "UUID", value: "uuid" },
      { label: "numbers that count up", value: "serial" },
    ],
    defaultOf: () => "uuid",
    flag: "--ids",
    key: "ids",
    prompt: "What are their ids?",
  },
  {
    check: (value) => checkHost(value, "primary domain"),
    clean: cleanHost,
    defaultOf: () => "localhost",
    flag: "--primary-domain",
    key: "primaryDomain",
    prompt: "Below which domain do they live (acme.example.com: example.com)?",
  },
  {
    check: (value, { answers }) => {
      if (value === "") return undefined;
      if (value === answers.primaryDomain) return "It is the primary domain itself.";
      return checkHost(value, "admin host");
    },
    clean: cleanHost,
    defaultOf: ({ answers }) => `admin.${answers.primaryDomain ?? "localhost"}`,
    flag: "--admin-host",
    key: "adminHost",
    prompt: "At which host do your own people work, in the global scope (empty for none)?",
  },
  {
    choices: () => labelled(ORMS),
    defaultOf: ({ facts }) => facts.orm,
    flag: "--orm",
    foundIn: ({ facts }) => (facts.orm === "none" ? undefined : "package.json"),
    key: "orm",
    prompt: "What do you query with?",
  },
  {
    check: (value, { answers }) => {
      const fitting = ORM_DRIVERS[answers.orm ?? "none"];
      if (fitting.includes(value as DriverName)) return undefined;
      return `${ORMS[answers.orm ?? "none"]} works over ${fitting.join(", ")} here.`;
    },
    choices: ({ answers }) =>
      ORM_DRIVERS[answers.orm ?? "none"].map((value) => ({ label: DRIVERS[value], value })),
    defaultOf: defaultDriver,
    flag: "--driver",
    foundIn: ({ facts }) => facts.database.foundIn ?? (facts.drivers[0] && "package.json"),
    key: "driver",
    prompt: "Which database, and through which client library?",
  },
  {
    check: (value, { answers }) => {
      if (value === "") return undefined;
      const engine = engineOfUrl(value);
      if (engine === undefined || !URL.canParse(value)) {
        return "An address looks like postgres://user:password@host:5432/name, or mysql://….";
      }
      const driver = answers.driver ?? "pg";
      if (driver === "pglite") return "PGlite keeps its data in a folder, and has no address.";
      return engine === engineOf(driver) ? undefined : `${driver} does not speak to such a server.`;
    },
    defaultOf: () => "",
    flag: "--database-url",
    // One that is known is left where it is.
    isAsked: ({ answers, facts }) => answers.driver !== "pglite" && !facts.database.isSet,
    key: "databaseUrl",
    prompt: "What is its address, for .env (empty to put it there yourself)?",
  },
  {
    choices: () => labelled(FRAMEWORKS),
    defaultOf: ({ facts }) => facts.framework,
    flag: "--framework",
    foundIn: ({ facts }) =>
      facts.framework === "node" || facts.framework === "none" ? undefined : "package.json",
    key: "framework",
    prompt: "Which framework answers requests?",
  },
  {
    defaultOf: () => false,
    flag: "--admin",
    isYesOrNo: true,
    key: "admin",
    prompt: "Mount the admin pages, with a place for your own authorisation?",
  },
];

function labelled(names: Readonly<Record<string, string>>): Choice[] {
  return Object.entries(names).map(([value, label]) => ({ label, value }));
}

function defaultDriver({ answers, facts }: Asking): DriverName {
  const fitting = ORM_DRIVERS[answers.orm ?? "none"];
  const { engine } = facts.database;
  const ofEngine = fitting.filter((name) => engine === undefined || engineOf(name) === engine);
  const installed = facts.drivers.find((name) => ofEngine.includes(name));
  return installed ?? ofEngine[0] ?? fitting[0] ?? "pg";
}

/** As the resolvers compare it; what is no host name stays as it is, to be refused. */
function cleanHost(value: string): string {
  const host = normalizeHost(value);
  return host.kind === "name" ? host.host : value;
}

function checkHost(value: string, what: string): string | undefined {
  if (normalizeHost(value).kind === "name") return undefined;
  return `${JSON.stringify(value)} is no ${what}: it is a host name, such as example.com.`;
}
