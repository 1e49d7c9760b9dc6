import type { DomainMethod, DomainsConfig } from "../core/domains.ts";
import type { Settings } from "../core/settings.ts";
import { checkArray, checkMethods, checkNumber, checkObject, invalidOption } from "./check.ts";

const METHODS: readonly DomainMethod[] = ["dns", "http"];

const HOUR_MS = 3_600_000;

/** The longest time that a timer takes. */
const MAX_TIMEOUT_MS = 2_147_483_647;

/**
 * Checks how domains are verified, and fills in the defaults.
 *
 * @throws TenancyError `INVALID_CONFIG`
 */
export function resolveDomains(config: DomainsConfig | undefined): Settings["domains"] {
  const given = checkObject("domains", config, [
    "fetch",
    "graceMs",
    "label",
    "methods",
    "resolver",
    "timeoutMs",
  ]);
  if (given.resolver !== undefined) {
    checkMethods("domains.resolver", given.resolver, ["resolveTxt"]);
  }
  if (given.fetch !== undefined && typeof given.fetch !== "function") {
    throw invalidOption("domains.fetch", "is not a function");
  }
  const timeoutMs = checkNumber("domains.timeoutMs", given.timeoutMs, { fallback: 5000, min: 1 });
  if (timeoutMs > MAX_TIMEOUT_MS) throw invalidOption("domains.timeoutMs", "is too large");
  return {
    graceMs: checkNumber("domains.graceMs", given.graceMs, { fallback: 72 * HOUR_MS, min: 0 }),
    label: checkLabel(given.label ?? "_kirayedar"),
    methods: checkDomainMethods(given.methods ?? METHODS),
    timeoutMs,
    ...(given.resolver !== undefined && { resolver: given.resolver }),
    ...(given.fetch !== undefined && { fetch: given.fetch }),
  };
}

/** A label of a host name, and behind an underscore if it has one, so that no host has the same. */
function checkLabel(label: unknown): string {
  const isLabel =
    typeof label === "string" &&
    label.length <= 63 &&
    /^_?[a-z\d](?:[a-z\d-]*[a-z\d])?$/.test(label);
  if (!isLabel) throw invalidOption("domains.label", "is not a label such as `_kirayedar`");
  return label;
}

function checkDomainMethods(methods: unknown): readonly DomainMethod[] {
  const list = checkArray("domains.methods", methods);
  const isGood =
    list.length > 0 &&
    new Set(list).size === list.length &&
    list.every((one) => METHODS.includes(one as DomainMethod));
  if (!isGood) throw invalidOption("domains.methods", 'is not a list of `"dns"` and `"http"`');
  return list as readonly DomainMethod[];
}
