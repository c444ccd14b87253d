import { inspect } from "node:util";

/** One line of what the reporter writes: JSON, for `nodeTests`. */
export type Report =
  | { type: "pass" | "skip"; file: string }
  | { type: "fail"; file: string; name: string; text: string }
  | { type: "output"; file: string; text: string }
  | { type: "total"; passed: number; failed: number; skipped: number };

type Counts = { passed: number; failed: number; cancelled: number; skipped: number; todo: number };
type Data = {
  name: string;
  file?: string;
  line?: number;
  message?: string;
  skip?: string | boolean;
  details?: { type?: string; error?: { failureType?: string; cause?: unknown } };
  counts?: Counts;
};

/** The reporter that `node --test` is started with. */
export default async function* reporter(
  source: AsyncIterable<{ type: string; data: Data }>,
): AsyncGenerator<string> {
  for await (const { type, data } of source) {
    const report = toReport(type, data);
    if (report !== null) yield `${JSON.stringify(report)}\n`;
  }
}

function toReport(type: string, data: Data): Report | null {
  const file = data.file ?? "";
  switch (type) {
    case "test:pass":
      if (data.details?.type === "suite") return null;
      // Node passes a file without a single test; ours is then most likely mistyped.
      if (data.name === file) return { type: "fail", file, name: "(file)", text: "The file holds no test." };
      return { type: data.skip === undefined || data.skip === false ? "pass" : "skip", file };
    case "test:fail": {
      const error = data.details?.error;
      if (error?.failureType === "subtestsFailed") return null;
      const name = data.name === file ? "(file)" : data.name;
      return { type: "fail", file: `${file}:${data.line ?? 0}`, name, text: explain(error) };
    }
    case "test:stdout":
    case "test:stderr":
      return { type: "output", file, text: data.message ?? "" };
    case "test:summary": {
      if (data.file !== undefined || data.counts === undefined) return null;
      const { passed, failed, cancelled, skipped, todo } = data.counts;
      return { type: "total", passed, failed: failed + cancelled, skipped: skipped + todo };
    }
    default:
      return null;
  }
}

function explain(error: { cause?: unknown } | undefined): string {
  const cause = error?.cause ?? error;
  return typeof cause === "string" ? cause : inspect(cause, { depth: 6 });
}
