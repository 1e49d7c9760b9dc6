export type { MigrationFolder } from "../../core/migration-folder.ts";
export { type DrizzleFolderOptions, drizzleFolder } from "./drizzle.ts";
export type { FolderOptions, HistoryOptions } from "./options.ts";
export { prismaFolder } from "./prisma.ts";
