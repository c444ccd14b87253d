/**
 * Where a service tells what happened; a failure of one peer is an event, not an exception. Events
 * are named `noun.verb`; fields never hold prompts, answers, keys or vouchers.
 */
export type Log = (
  level: "info" | "warn" | "error",
  event: string,
  fields?: Readonly<Record<string, unknown>>,
) => void;
