export { type DrizzleFolderOptions, drizzleFolder } from "./drizzle.ts";
export { type KnexFolderOptions, type KnexPeer, knexFolder } from "./knex.ts";
export { type KyselyFolderOptions, type KyselyPeer, kyselyFolder } from "./kysely.ts";
export { type MikroOrmFolderOptions, mikroOrmFolder } from "./mikro-orm.ts";
export type { ModuleFolderOptions } from "./module-folder.ts";
export type { FolderOptions, HistoryOptions } from "./options.ts";
export { prismaFolder } from "./prisma.ts";
export { type TypeormFolderOptions, type TypeormPeer, typeormFolder } from "./typeorm.ts";
