import { Column, CreateDateColumn, Entity, PrimaryGeneratedColumn } from "typeorm";
import { int8 } from "../database/int8.ts";
import type { Account, Transfer } from "./bank.ts";

/**
 * How TypeORM reads and writes the tables. What the tables are, their checks and references too, is said by
 * the migrations alone. Each column states its type: nothing here has to be guessed from TypeScript's.
 */

@Entity("accounts")
export class AccountEntity implements Account {
  @PrimaryGeneratedColumn("uuid")
  id!: string;

  @Column({ type: "text" })
  owner!: string;

  @Column({ type: "int8", transformer: int8 })
  balance!: number;

  @CreateDateColumn({ name: "created_at", type: "timestamptz" })
  createdAt!: Date;
}

@Entity("transfers")
export class TransferEntity implements Transfer {
  @PrimaryGeneratedColumn("uuid")
  id!: string;

  @Column({ name: "from_account", type: "uuid" })
  from!: string;

  @Column({ name: "to_account", type: "uuid" })
  to!: string;

  @Column({ type: "int8", transformer: int8 })
  amount!: number;

  @Column({ name: "idempotency_key", type: "text", nullable: true })
  key!: string | null;

  @CreateDateColumn({ name: "created_at", type: "timestamptz" })
  createdAt!: Date;
}
