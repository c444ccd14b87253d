import { styleText } from "node:util";
import { toLichenError } from "@lichen/kernel";
import { printable } from "./printable.ts";

/** Says what went wrong: short message, what was seen, what helps, where it is explained. */
export function printError(thrown: unknown, json: boolean): void {
  const error = toLichenError(thrown);
  const { code, message, details, remedy, docs } = error;
  if (json) {
    process.stdout.write(`${JSON.stringify({ event: "error", code, message, details, remedy, docs })}\n`);
    return;
  }
  const red = (text: string): string => styleText("red", text, { stream: process.stderr });
  const dim = (text: string): string => styleText("dim", text, { stream: process.stderr });
  const indented = (text: string): string => printable(text).replaceAll("\n", "\n  ");
  const lines = [`${red("✖")} ${indented(message)}`];
  if (details !== undefined && details !== "") lines.push(`  ${dim(indented(details))}`);
  if (remedy !== undefined) lines.push(`  → ${indented(remedy)}`);
  // A defect without a trace helps nobody.
  if (code === "internal" && error.cause instanceof Error)
    lines.push(dim(indented(`  ${error.cause.stack ?? ""}`)));
  lines.push(`  ${dim(docs)}`);
  process.stderr.write(`${lines.join("\n")}\n`);
}
