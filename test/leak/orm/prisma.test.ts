import { expect } from "vitest";
import type { Tenancy } from "../../../src/core/tenancy.ts";
import type { TenantPrisma } from "../../../src/integrations/orm/prisma/index.ts";
import { MARIADB } from "../../support/engines.ts";
import {
  itIsolatesOrm,
  type OrmJob,
  type OrmKind,
  type OrmSubject,
} from "../../support/orm-isolation.ts";
import { describeMysqlPeers, describePeers } from "../../support/peers.ts";
import type { TestClient } from "../../integration/orm/prisma/prisma-client.ts";
import {
  loadMariadb,
  loadPostgres,
  postgresOf,
  wire,
} from "../../integration/orm/prisma/prisma-world.ts";

type Gaps = Partial<Record<OrmKind, string>>;

const GAPS: Gaps = {
  stream: "Prisma has no streams",
};

describePeers("PrismaPg", "@prisma/adapter-pg", (peers) => {
  const isNewest = peers.set === "newest";
  const gaps: Gaps = isNewest
    ? GAPS
    : {
        ...GAPS,
        nested: "a transaction of this version has no other inside",
        prepared: "this version names no statements",
      };
  itIsolatesOrm({
    engine: postgresOf(peers),
    gaps,
    open: async ({ tenancy }) => {
      const adapterOptions = { statementNameGenerator: ({ sql }: { sql: string }) => sql };
      const subject = wire(tenancy, await loadPostgres(peers), { adapterOptions });
      return subjectOf(tenancy, subject, gaps);
    },
  });
});

// The adapter of 7.0 takes no pool.
describeMysqlPeers(
  "PrismaMariaDb",
  "@prisma/adapter-mariadb",
  (peers) => {
    itIsolatesOrm({
      engine: MARIADB,
      gaps: GAPS,
      open: async ({ tenancy }) => {
        return subjectOf(tenancy, wire(tenancy, await loadMariadb(peers)), GAPS);
      },
    });
  },
  ["newest"],
);

function subjectOf(
  tenancy: Tenancy,
  { close, forTenant, prisma }: TenantPrisma<TestClient>,
  gaps: Gaps,
): OrmSubject {
  // Kept since before there was any scope.
  const { author, book } = prisma;
  const few = { where: { id: { lte: 3 } } };
  const kinds: Record<OrmKind, (job: OrmJob) => Promise<void>> = {
    explicit: async ({ see, tenant }) => {
      const acme = await forTenant(tenant);
      see(await acme.author.findUniqueOrThrow({ where: { id: 1 } }));
      see(...(await acme.$queryRaw<{ owner: string }[]>`select owner from authors`));
      see(...(await acme.$transaction([acme.book.findMany(few)]))[0]);
    },
    nested: async ({ own, see }) => {
      await prisma.$transaction(async (tx) => {
        await tx.author.create({ data: { name: "Cid", owner: own } });
        const inner = tx.$transaction?.(async (nested) => {
          await nested.book.updateMany({ data: { title: "Z" }, where: { id: 3 } });
          throw new Error("undo");
        });
        await expect(inner).rejects.toThrow("undo");
        see(...(await tx.book.findMany(few)));
      });
    },
    prepared: async ({ see }) => see(...(await book.findMany(few))),
    raw: async ({ own, see }) => {
      see(
        ...(await prisma.$queryRaw<{ owner: string }[]>`select owner from books where id < ${4}`),
      );
      await prisma.$executeRaw`insert into authors (owner, name) values (${own}, ${"Raw"})`;
      see(...(await prisma.$queryRawUnsafe<{ owner: string }[]>("select owner from authors")));
    },
    // Of one moment: Prisma makes one query of several.
    read: async ({ number, see }) => {
      if (number % 2 === 0) see(...(await book.findMany(few)));
      else see(await book.findUnique({ where: { id: 1 } }), await author.findFirst());
    },
    relations: async ({ see }) => {
      const found = await author.findUniqueOrThrow({ include: { books: true }, where: { id: 1 } });
      see(found, ...(found.books ?? []));
      const { author: writer } = await book.findUniqueOrThrow({
        include: { author: true },
        where: { id: 2 },
      });
      see(writer);
    },
    rollback: async ({ see }) => {
      const failed = prisma.$transaction(async (tx) => {
        await tx.book.deleteMany();
        throw new Error("undo");
      });
      await failed.catch((error: Error) => {
        if (error.message !== "undo") throw error;
      });
      see(...(await book.findMany(few)));
    },
    stream: async () => undefined,
    transaction: async ({ number, own, see }) => {
      const data = { name: "Cid", owner: own };
      if (number % 2 === 0) {
        const [made, books] = await prisma.$transaction([
          author.create({ data }),
          book.findMany(few),
        ]);
        return see(made, ...books);
      }
      const work = async (tx: Pick<TestClient, "$queryRaw" | "author">): Promise<void> => {
        const { id } = await tx.author.create({ data });
        see(await tx.author.findUniqueOrThrow({ where: { id } }));
        see(...(await tx.$queryRaw<{ owner: string }[]>`select owner from authors`));
      };
      await prisma.$transaction(work);
    },
    write: async ({ own, see }) => {
      see(
        await author.create({
          data: { books: { create: [{ owner: own, title: "D" }] }, name: "Bob", owner: own },
        }),
      );
      see(await book.update({ data: { title: "A" }, where: { id: 1 } }));
    },
  };
  for (const kind of Object.keys(gaps) as OrmKind[]) Reflect.deleteProperty(kinds, kind);
  return { close, kinds };
}
