/**
 * Where log lines go: any object with pino's methods. Fields come first, the message second; the
 * message of an event is always the same text. Never receives SQL values or connection strings.
 */
export interface Logger {
  /** Detail for somebody who looks for a fault. */
  debug(fields: object, message: string): void;
  /** Something that was done. */
  info(fields: object, message: string): void;
  /** Something odd that was dealt with. */
  warn(fields: object, message: string): void;
  /** Something that failed. */
  error(fields: object, message: string): void;
}

function ignore(): void {
  // The library says nothing unless the application gives it a logger.
}

/** The default: says nothing. */
export const SILENT_LOGGER: Logger = Object.freeze({
  debug: ignore,
  error: ignore,
  info: ignore,
  warn: ignore,
});
