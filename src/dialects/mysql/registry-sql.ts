import type { RegistrySql } from "../../core/registry-sql.ts";

const later = (): never => {
  throw new Error("The registry's SQL is being written.");
};

/** The registry's tables on MySQL and MariaDB. */
export const registrySql: RegistrySql = {
  faultOf: () => undefined,
  migration: later,
  read: later,
  statements: later,
};
