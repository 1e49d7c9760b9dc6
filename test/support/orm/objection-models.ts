import type * as ObjectionModule from "objection";
import type { Model } from "objection";
import type { Tenancy } from "../../../src/core/tenancy.ts";
import { tenantModel } from "../../../src/integrations/orm/objection/index.ts";

/** A row of `books`. */
export interface BookRecord extends Model {
  id: number;
  owner: string;
  title: string;
  author_id: number;
  readonly author?: AuthorRecord;
}

/** A row of `authors`. */
export interface AuthorRecord extends Model {
  id: number;
  owner: string;
  name: string;
  readonly books?: BookRecord[];
}

/** The models of the suites' two tables. */
export interface Models {
  readonly Author: ObjectionModule.ModelClass<AuthorRecord>;
  readonly Book: ObjectionModule.ModelClass<BookRecord>;
}

/** Makes the models of one tenancy, with one version of Objection. */
export function objectionModels(
  { Model }: Pick<typeof ObjectionModule, "Model">,
  tenancy: Pick<Tenancy, "currentScope" | "enter">,
): Models {
  class BaseModel extends tenantModel(tenancy, Model) {}

  class Author extends BaseModel {
    static override tableName = "authors";
    static override get relationMappings() {
      const join = { from: "authors.id", to: "books.author_id" };
      return { books: { join, modelClass: Book, relation: Model.HasManyRelation } };
    }
  }

  class Book extends BaseModel {
    static override tableName = "books";
    static override get relationMappings() {
      const join = { from: "books.author_id", to: "authors.id" };
      return { author: { join, modelClass: Author, relation: Model.BelongsToOneRelation } };
    }
  }
  return { Author, Book } as unknown as Models;
}
