import type * as SequelizeModule from "sequelize";
import type {
  CreationOptional,
  HasManyAddAssociationMixin,
  HasManyCreateAssociationMixin,
  HasManyGetAssociationsMixin,
  HasManyHasAssociationMixin,
  HasManyRemoveAssociationMixin,
  HasManySetAssociationsMixin,
  InferAttributes,
  InferCreationAttributes,
  NonAttribute,
  Options,
  Sequelize,
} from "sequelize";
import type { Tenancy } from "../../../../src/core/tenancy.ts";
import {
  tenantSequelize,
  type TenantSequelize,
} from "../../../../src/integrations/orm/sequelize/index.ts";
import type { Engine } from "../../../support/engines.ts";
import type { Peers } from "../../../support/peers.ts";

/** Sequelize over a tenancy, with the tables of the suite as models. */
export interface SequelizeSubject extends TenantSequelize<Sequelize> {
  readonly module: typeof SequelizeModule;
  readonly Author: AuthorClass;
  readonly Book: BookClass;
}

type AuthorClass = SequelizeModule.ModelStatic<AuthorRecord>;
type BookClass = SequelizeModule.ModelStatic<BookRecord>;

/** A row of `authors`. */
export interface AuthorRecord extends SequelizeModule.Model<
  InferAttributes<AuthorRecord>,
  InferCreationAttributes<AuthorRecord>
> {
  id: CreationOptional<number>;
  owner: string;
  name: string;
  books?: NonAttribute<BookRecord[]>;
  getBooks: HasManyGetAssociationsMixin<BookRecord>;
  addBook: HasManyAddAssociationMixin<BookRecord, number>;
  countBooks: (options?: object) => Promise<number>;
  hasBook: HasManyHasAssociationMixin<BookRecord, number>;
  removeBook: HasManyRemoveAssociationMixin<BookRecord, number>;
  setBooks: HasManySetAssociationsMixin<BookRecord, number>;
  createBook: HasManyCreateAssociationMixin<BookRecord, "author_id">;
}

/** A row of `books`. */
export interface BookRecord extends SequelizeModule.Model<
  InferAttributes<BookRecord>,
  InferCreationAttributes<BookRecord>
> {
  id: CreationOptional<number>;
  owner: string;
  title: string;
  author_id: CreationOptional<number>;
  author?: NonAttribute<AuthorRecord>;
}

/** Imports Sequelize of a set, which is CommonJS. */
export async function loadSequelize(peers: Peers): Promise<typeof SequelizeModule> {
  const loaded = await peers.load<{ default: typeof SequelizeModule }>("sequelize");
  return loaded.default;
}

/** Sequelize's name for an engine. */
export function dialectOf({ family }: Engine): "mysql" | "postgres" {
  return family === "postgres" ? "postgres" : "mysql";
}

/** Wires Sequelize as the documentation says. */
export async function wire(
  tenancy: Tenancy,
  peers: Peers,
  engine: Engine,
  options: Options = {},
): Promise<SequelizeSubject> {
  const module = await loadSequelize(peers);
  const subject = tenantSequelize(
    tenancy,
    () => new module.Sequelize({ dialect: dialectOf(engine), logging: false, ...options }),
  );
  return { ...subject, ...defineModels(module, subject.sequelize), module };
}

/** Defines the tables of the suite as models. */
export function defineModels(
  { DataTypes }: typeof SequelizeModule,
  sequelize: Sequelize,
): { readonly Author: AuthorClass; readonly Book: BookClass } {
  // Sequelize writes into them.
  const id = () => ({ autoIncrement: true, primaryKey: true, type: DataTypes.INTEGER });
  const text = () => ({ allowNull: false, type: DataTypes.STRING(64) });
  const options = { timestamps: false } as const;
  const Author: AuthorClass = sequelize.define(
    "Author",
    { id: id(), name: text(), owner: text() },
    {
      ...options,
      tableName: "authors",
    },
  );
  const Book: BookClass = sequelize.define(
    "Book",
    { author_id: DataTypes.INTEGER, id: id(), owner: text(), title: text() },
    { ...options, tableName: "books" },
  );
  Author.hasMany(Book, { as: "books", foreignKey: "author_id" });
  Book.belongsTo(Author, { as: "author", foreignKey: "author_id" });
  return { Author, Book };
}
