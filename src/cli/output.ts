import type { WriteStream } from "node:tty";
import { toJson } from "./json.ts";

/** Colours, which do nothing where the stream is no terminal or `NO_COLOR` is set. */
export interface Style {
  /** Headings. */
  readonly bold: (text: string) => string;
  /** What matters less. */
  readonly dim: (text: string) => string;
  /** What went well. */
  readonly green: (text: string) => string;
  /** What failed. */
  readonly red: (text: string) => string;
  /** What needs attention. */
  readonly yellow: (text: string) => string;
}

/** The part of `process.stdout` and `process.stderr` that is used here. */
export interface OutputStream {
  /** Whether it is a terminal. */
  readonly isTTY?: boolean | undefined;
  /** Terminal columns. */
  readonly columns?: number | undefined;
  /** Whether it shows colours; reads `NO_COLOR` and `FORCE_COLOR` itself. */
  readonly hasColors?: WriteStream["hasColors"];
  /** Writes text. */
  write(text: string): unknown;
}

/** Where a command's result and its remarks go. */
export interface Output {
  /** Whether the result is one JSON document. */
  readonly json: boolean;
  /** Colours of the result. */
  readonly style: Style;
  /** Colours of remarks. */
  readonly noteStyle: Style;
  /** The stream of remarks. */
  readonly stderr: OutputStream;
  /**
   * Prints the result on standard output: the document with `--json`, the text otherwise. To be
   * called once.
   */
  result(document: unknown, text: () => string): void;
  /** Prints a remark on standard error. */
  note(text: string): void;
}

/** What {@link createOutput} writes to. */
export interface OutputOptions {
  /** Standard output. */
  readonly stdout: OutputStream;
  /** Standard error. */
  readonly stderr: OutputStream;
  /** Whether the result is one JSON document. */
  readonly json: boolean;
}

/** Returns where a command's result and remarks go. */
export function createOutput({ stdout, stderr, json }: OutputOptions): Output {
  return {
    json,
    note: (text) => void stderr.write(`${text}\n`),
    noteStyle: styleOf(stderr),
    result: (document, text) => void stdout.write(`${json ? toJson(document) : text()}\n`),
    stderr,
    style: styleOf(stdout),
  };
}

/** Returns the colours of a stream. */
export function styleOf(stream: OutputStream): Style {
  const hasColors = stream.isTTY === true && stream.hasColors?.() === true;
  const paint =
    (open: number, close: number): ((text: string) => string) =>
    (text) =>
      hasColors && text !== "" ? `\u001b[${open}m${text}\u001b[${close}m` : text;
  return {
    bold: paint(1, 22),
    dim: paint(2, 22),
    green: paint(32, 39),
    red: paint(31, 39),
    yellow: paint(33, 39),
  };
}

/** Says how many, with the noun in the right number: `1 tenant`, `2 tenants`. */
export function count(number: number, noun: string): string {
  return `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;
}

/** Writes a duration for people: `850 µs`, `12 ms`, `3.4 s`, `2 min 5 s`. */
export function duration(milliseconds: number): string {
  if (milliseconds < 1) return `${Math.round(milliseconds * 1000)} µs`;
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`;
  const seconds = milliseconds / 1000;
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)} min ${whole % 60} s`;
}
