import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Peers } from "../../../support/peers.ts";

/** A row of `authors`, as the generated client has it. */
export interface Author {
  readonly id: number;
  readonly owner: string;
  readonly name: string;
  readonly books?: readonly Book[];
}

/** A row of `books`, as the generated client has it. */
export interface Book {
  readonly id: number;
  readonly owner: string;
  readonly title: string;
  readonly author?: Author;
}

/** The part of a generated model that tests call: it is not there when tests are compiled. */
export interface Model<Row> {
  readonly fields: Readonly<Record<string, unknown>>;
  findMany(args?: object): Promise<Row[]>;
  findFirst(args?: object): Promise<Row | null>;
  findUnique(args: object): Promise<Row | null>;
  findUniqueOrThrow(args: object): Promise<Row>;
  create(args: object): Promise<Row>;
  update(args: object): Promise<Row>;
  updateMany(args: object): Promise<{ readonly count: number }>;
  deleteMany(args?: object): Promise<{ readonly count: number }>;
  count(args?: object): Promise<number>;
}

/** The part of a generated client that tests call. */
export interface TestClient extends TestTransaction {
  $connect(): Promise<void>;
  $disconnect(): Promise<void>;
  $extends(extension: object): TestClient;
  $on(event: string, listener: (event: unknown) => void): void;
  $transaction<T extends readonly Promise<unknown>[]>(
    queries: readonly [...T],
  ): Promise<{ [K in keyof T]: Awaited<T[K]> }>;
  $transaction<T>(fn: (tx: TestTransaction) => Promise<T>, options?: object): Promise<T>;
}

/** The client inside an interactive transaction. */
export interface TestTransaction {
  readonly author: Model<Author>;
  readonly book: Model<Book>;
  /** Newer versions alone have it. */
  $transaction?<T>(fn: (tx: TestTransaction) => Promise<T>): Promise<T>;
  $queryRaw<T>(text: TemplateStringsArray, ...values: unknown[]): Promise<T>;
  $queryRawUnsafe<T>(text: string, ...values: unknown[]): Promise<T>;
  $executeRaw(text: TemplateStringsArray, ...values: unknown[]): Promise<number>;
}

/** The generated class. */
export type TestClientClass = new (options: object) => TestClient;

const ROOTS = {
  newest: new URL("../../../../", import.meta.url),
  oldest: new URL("../../../peers/oldest/", import.meta.url),
} as const;

/**
 * Generates the client of the suite's tables with a peer set's own Prisma, beside its `node_modules`, where
 * what it imports is found; again only when something has changed.
 */
export async function generateClient(
  peers: Peers,
  provider: "mysql" | "postgresql",
): Promise<TestClientClass> {
  const schema = schemaOf(provider);
  const hash = createHash("sha256")
    .update(`${peers.version("prisma")} ${schema}`)
    .digest("hex");
  const root = fileURLToPath(ROOTS[peers.set]);
  const folder = `${root}.generated/prisma-${provider}-${hash.slice(0, 8)}`;
  if (!existsSync(folder)) {
    const draft = `${folder}.${process.pid}`;
    await mkdir(draft, { recursive: true });
    await writeFile(`${draft}/schema.prisma`, schema);
    await promisify(execFile)(
      process.execPath,
      [`${root}node_modules/prisma/build/index.js`, "generate", "--schema", "schema.prisma"],
      // It would fetch an engine that generating does not need.
      { cwd: draft, env: { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: "/bin/true" } },
    );
    // Another test file may have been quicker.
    await rename(draft, folder).catch(() => rm(draft, { force: true, recursive: true }));
  }
  const module: unknown = await import(/* @vite-ignore */ `${folder}/generated/client.ts`);
  return (module as { readonly PrismaClient: TestClientClass }).PrismaClient;
}

function schemaOf(provider: string): string {
  return `generator client {
  provider = "prisma-client"
  output   = "./generated"
}

datasource db {
  provider = "${provider}"
}

model Author {
  id    Int    @id @default(autoincrement())
  owner String
  name  String
  books Book[]

  @@map("authors")
}

model Book {
  id       Int    @id @default(autoincrement())
  owner    String
  title    String
  authorId Int    @map("author_id")
  author   Author @relation(fields: [authorId], references: [id])

  @@map("books")
}
`;
}
