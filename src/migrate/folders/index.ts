export { type DrizzleFolderOptions, drizzleFolder } from "./drizzle.ts";
export type { FolderOptions, HistoryOptions } from "./options.ts";
export { prismaFolder } from "./prisma.ts";
