import type { Driver } from "../../core/driver.ts";
import type { Logger } from "../../core/logger.ts";

/** One transaction in which everything runs, and which is never committed. */
export interface SandboxRun {
  /**
   * Rolls everything back; what is still used of it is refused from now on.
   *
   * @throws TenancyError `SANDBOX_REFUSED` if something else has ended the transaction before
   * @returns how many transactions of the application were still open
   */
  end(): Promise<number>;
}

/** How long things may take in a sandbox. */
export interface SandboxPatience {
  /**
   * How long an open transaction has to do nothing before a statement that waits for it is taken for a
   * part of it, in milliseconds.
   */
  readonly joinAfterMs: number;
  /** How long a statement waits for a transaction that was begun after its own, in milliseconds. */
  readonly blockedAfterMs: number;
}

/** What makes the queries of one driver run in one transaction, while it is asked to. */
export interface Sandbox {
  /** Whether a transaction is open. */
  readonly isOpen: boolean;
  /** Opens the transaction, on a connection of its own. */
  begin(): Promise<SandboxRun>;
}

/** What a sandbox is told of. */
export interface SandboxAbout {
  /** Where log lines go. */
  readonly logger: Logger;
  /** How long things may take. */
  readonly patience: SandboxPatience;
  /** Whether the call that is made belongs to a test that has ended. */
  isLate(): boolean;
}

/** A driver like the application's, whose queries can be made to run in one transaction. */
export interface SandboxedDriver<Pool> {
  /** The driver. */
  readonly driver: Driver<Pool>;
  /** Makes the sandbox, once the driver belongs to a tenancy. */
  open(about: SandboxAbout): Sandbox;
}
