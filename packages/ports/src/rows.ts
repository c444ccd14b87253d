import { LichenError } from "@lichen/kernel";
import type { Row, Store } from "./store.ts";

const pageRows = 500;

/** Every row of a table whose key starts with `prefix`, ascending, read page by page. */
export async function* allRows(store: Store, table: string, prefix = ""): AsyncGenerator<Row> {
  let after: string | undefined;
  for (;;) {
    const rows = await store.list(table, {
      prefix,
      limit: pageRows,
      ...(after === undefined ? {} : { after }),
    });
    yield* rows;
    if (rows.length < pageRows) return;
    after = rows.at(-1)?.key;
  }
}

/**
 * A stored JSON row, parsed by its schema.
 * @throws {LichenError} `state-invalid`, naming the row
 */
export function parseRow<Out>(schema: { parse(value: unknown): Out }, row: Row): Out {
  try {
    return schema.parse(JSON.parse(row.value));
  } catch (cause) {
    throw new LichenError("state-invalid", `a stored row cannot be read: ${row.key}`, { cause });
  }
}
