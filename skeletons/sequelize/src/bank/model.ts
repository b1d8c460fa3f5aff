import {
  type CreationOptional,
  DataTypes,
  type InferAttributes,
  type InferCreationAttributes,
  type Model,
  type Sequelize,
} from "sequelize";

export interface AccountModel
  extends Model<InferAttributes<AccountModel>, InferCreationAttributes<AccountModel>> {
  id: CreationOptional<string>;
  owner: string;
  balance: number;
  createdAt: CreationOptional<Date>;
}

export interface TransferModel
  extends Model<InferAttributes<TransferModel>, InferCreationAttributes<TransferModel>> {
  id: CreationOptional<string>;
  from: string;
  to: string;
  amount: number;
  key: CreationOptional<string | null>;
  createdAt: CreationOptional<Date>;
}

/**
 * Says how the rows of the tables are objects. The tables themselves are made by the migrations, which also
 * hold what a model need not know: references, checks, indexes.
 */
export function defineModels(sequelize: Sequelize) {
  // Both are made by the database: Sequelize's own defaults would be made here, and by this computer's clock.
  const id = { type: DataTypes.UUID, primaryKey: true, defaultValue: sequelize.fn("gen_random_uuid") };
  const createdAt = { type: DataTypes.DATE, field: "created_at", defaultValue: sequelize.fn("now") };
  const accounts = sequelize.define<AccountModel>(
    "account",
    { id, owner: DataTypes.TEXT, balance: DataTypes.BIGINT, createdAt },
    { tableName: "accounts", timestamps: false },
  );
  const transfers = sequelize.define<TransferModel>(
    "transfer",
    {
      id,
      from: { type: DataTypes.UUID, field: "from_account" },
      to: { type: DataTypes.UUID, field: "to_account" },
      amount: DataTypes.BIGINT,
      key: { type: DataTypes.TEXT, field: "idempotency_key" },
      createdAt,
    },
    { tableName: "transfers", timestamps: false },
  );
  return { accounts, transfers };
}
