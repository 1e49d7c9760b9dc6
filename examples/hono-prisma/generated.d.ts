/** What is used of the generated client, for as long as it is not generated. */
declare module "*/generated/client.ts" {
  export interface Note {
    readonly id: number;
    readonly text: string;
  }
  export class PrismaClient {
    readonly note: {
      create(args: { readonly data: { readonly text: string } }): Promise<Note>;
      findMany(args: { readonly orderBy: { readonly id: "asc" } }): Promise<Note[]>;
    };
    readonly $extends: unknown;
    constructor(options: { readonly adapter: object });
    $disconnect(): Promise<void>;
  }
}
