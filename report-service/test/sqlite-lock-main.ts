import { DatabaseSync } from "node:sqlite";

const database = new DatabaseSync(process.argv[2] ?? "", { timeout: 5_000 });
database.exec("begin immediate");
process.stdout.write("locked\n");
process.stdin.once("data", () => {
  database.exec("rollback");
  process.stdout.write("released\n");
});
