import type { MigrationInterface, QueryRunner } from "typeorm";

export class IndexTransfersFromAccount1764000000003 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query("CREATE INDEX IF NOT EXISTS transfers_from_account_idx ON transfers (from_account)");
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query("DROP INDEX IF EXISTS transfers@transfers_from_account_idx");
  }
}
