// A process for the tests to kill: opens the store, says "open", and once told to go commits
// without end, several at a time, sending the number of each commit that was acknowledged.
import { openSqliteStore } from "../open.ts";

const store = await openSqliteStore(process.argv[2] as string);
const mostCommits = 1_000_000;
const filler = "x".repeat(500);

process.on("disconnect", () => process.exit());
process.send?.("open");
await new Promise((resolve) => process.once("message", resolve));

for (let n = 0; n < mostCommits; n++) {
  const writes = ["a", "b", "next"].map((part) => ({ table: "t", key: `${n}-${part}`, value: filler }));
  const committed = store
    .commit([...writes, { table: "t", key: `${n - 1}-next`, value: undefined }], { durable: n % 5 === 0 })
    .then(() => process.send?.(n));
  if (n % 8 === 7) await committed;
}
