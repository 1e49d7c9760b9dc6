import { errnoOf } from "../../dialects/mysql/errno.ts";
import { TenancyError } from "../../errors/tenancy-error.ts";

const ER_PARSE_ERROR = 1064;

/** A semicolon, with nothing but comments after it. */
const ENDS_STATEMENT =
  /;(?:\s|--[^\n]{0,200}\n|#[^\n]{0,200}\n|\/\*(?:[^*]|\*(?!\/)){0,200}\*\/)*$/;

/**
 * Whether a text may hold several statements, and so has to be looked at by the server itself before it
 * may run where the server accepts several: it alone knows where a string or a comment ends.
 */
export function maySplit(text: string): boolean {
  const at = text.indexOf(";");
  return at >= 0 && text.slice(at + 1).trim() !== "";
}

/** Returns what to tell the user when the server has refused a text in which {@link maySplit} was found. */
export function explainRefusal(error: Error, text: string): Error {
  if (errnoOf(error) !== ER_PARSE_ERROR) return error;
  // One client library adds the text itself to the message.
  const { sqlMessage = error.message } = error as { readonly sqlMessage?: string };
  const near = /near '(.{1,60})/s.exec(sqlMessage)?.[1];
  const at = near === undefined ? -1 : text.indexOf(near.replace(/' at line \d+$/, ""));
  // The server points at what follows the first statement.
  if (at < 0 || !ENDS_STATEMENT.test(text.slice(0, at))) return error;
  return severalStatements(error);
}

/** What is thrown for several statements in one text. */
export function severalStatements(cause?: Error): TenancyError {
  return new TenancyError("MULTIPLE_STATEMENTS", "One query text holds several statements.", {
    cause,
    remedy:
      "Send the statements one by one, or give the driver `multipleStatements: true` if you trust every text.",
  });
}
