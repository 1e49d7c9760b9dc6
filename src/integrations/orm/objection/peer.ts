import type { KnexLike } from "../common/knex-scopes.ts";

/** The part of Objection's `QueryBuilder` that is built on. */
export interface BuilderLike {
  /** Copies it; a query that is executed is a copy. */
  clone(): BuilderLike;
  /** Runs it; `then` and `catch` call this. */
  execute(): Promise<unknown>;
  /** The Knex, or transaction, that it runs on. */
  knex(): KnexLike;
}

/** A class of {@link BuilderLike}. */
export type BuilderClass = new (...args: unknown[]) => BuilderLike;

/** The part of a record that is built on. */
export interface RecordLike {
  /** Marks a record. */
  readonly $isObjectionModel: true;
  $clone(...args: unknown[]): object;
  $query(...args: unknown[]): BuilderLike;
  $relatedQuery(...args: unknown[]): BuilderLike;
}

/** The part of a `Model` class that is built on. */
export interface ModelStatics {
  /** Marks a model class. */
  readonly isObjectionModelClass: true;
  readonly name: string;
  new (...args: unknown[]): RecordLike;
  fetchGraph(...args: unknown[]): BuilderLike;
  query(...args: unknown[]): BuilderLike;
  relatedQuery(...args: unknown[]): BuilderLike;
}

/** Whether a value is a record of any model. */
export function isRecord(value: unknown): value is RecordLike {
  return (value as Partial<RecordLike> | null | undefined)?.$isObjectionModel === true;
}
