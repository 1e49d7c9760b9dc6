import type { CheckDomainsResult, Domain, DomainCheck, DomainState } from "../core/domains.ts";
import { count, type Style } from "./output.ts";
import { type Column, formatTable } from "./table.ts";

/** Writes a tenant's domains as a table. */
export function formatDomains(domains: readonly Domain[], style: Style): string {
  if (domains.length === 0) return "No domains.";
  const columns: Column<Domain>[] = [
    { cell: ({ domain }) => domain, title: "DOMAIN" },
    {
      cell: ({ state }) => state,
      style: (text, { state }) => stateStyle(state, style)(text),
      title: "STATE",
    },
    { cell: ({ isPrimary }) => (isPrimary ? "yes" : null), title: "PRIMARY" },
    { cell: ({ method }) => method, title: "BY" },
    { cell: ({ checkedAt }) => checkedAt?.toISOString(), title: "CHECKED" },
    {
      cell: ({ failingSince }) => failingSince?.toISOString(),
      style: style.red,
      title: "MISSING SINCE",
    },
  ];
  return formatTable(domains, columns, { heading: style.bold });
}

/** Writes what the owner of a claimed domain has to publish. */
export function formatChallenge(
  { challenge, domain, state }: Domain,
  slug: string,
  style: Style,
): string {
  if (challenge === null) return `${domain} is claimed for ${slug}.`;
  const { dns, http, methods } = challenge;
  const places = {
    dns: [
      ["TXT record", dns.name],
      ["with text", dns.value],
    ],
    http: [
      ["file", http.url],
      ["with text", http.body],
    ],
  };
  const parts = methods.map((method) =>
    places[method]
      .map(([title = "", text]) => `${style.dim(title.padEnd(10))}  ${text}`)
      .join("\n"),
  );
  const what = methods.length === 1 ? "publishes" : "publishes one of the two";
  const served = state === "pending" ? "not served yet" : "served already";
  return [
    `${domain} is claimed for ${slug}, and ${served}. Its owner ${what}:`,
    ...parts,
    `Then: kirayedar domains verify ${slug} ${domain}`,
  ].join("\n\n");
}

/** Writes what a check found. */
export function formatCheck(result: CheckDomainsResult, style: Style): string {
  const { counts, domains, done, stopped } = result;
  const parts = Object.entries(counts).map(([outcome, number]) => `${number} ${outcome}`);
  const summary = `${count(done, "domain")}: ${parts.join(", ")}.${stopped ? " Stopped before the end." : ""}`;
  if (domains.length === 0) return summary;
  const columns: Column<DomainCheck>[] = [
    { cell: ({ tenant }) => tenant, title: "TENANT" },
    { cell: ({ domain }) => domain, title: "DOMAIN" },
    {
      cell: ({ outcome }) => outcome,
      style: (text, { outcome }) => (outcome === "lapsed" ? style.red : style.yellow)(text),
      title: "OUTCOME",
    },
    { cell: ({ failingSince }) => failingSince?.toISOString(), title: "MISSING SINCE" },
    { cell: ({ reason }) => reason, title: "FOUND" },
  ];
  return `${formatTable(domains, columns, { heading: style.bold })}\n\n${summary}`;
}

function stateStyle(state: DomainState, style: Style): (text: string) => string {
  return state === "pending" ? style.yellow : style.green;
}
