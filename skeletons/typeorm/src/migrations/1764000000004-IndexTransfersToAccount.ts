import type { MigrationInterface, QueryRunner } from "typeorm";

export class IndexTransfersToAccount1764000000004 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query("CREATE INDEX IF NOT EXISTS transfers_to_account_idx ON transfers (to_account)");
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query("DROP INDEX IF EXISTS transfers@transfers_to_account_idx");
  }
}
