import { LichenError } from "@lichen/kernel";

/** Largest event that is accepted; an answer's chunk is a few hundred bytes. */
const maxEventChars = 1 << 20;

/**
 * The `data` of each event of a server-sent stream (HTML standard, 9.2.6), events without data left out.
 * @throws {LichenError} `limit-exceeded` where an event does not end
 */
export async function* sseData(chunks: AsyncIterable<string>): AsyncGenerator<string> {
  let buffer = "";
  let data: string[] = [];
  for await (const chunk of chunks) {
    buffer += chunk;
    // A carriage return at the very end may be half a line break.
    const lines = buffer.split(/\r\n|\n|\r(?!$)/);
    buffer = lines.pop() ?? "";
    for (const line of lines) {
      if (line === "") {
        if (data.length > 0) yield data.join("\n");
        data = [];
      } else if (line.startsWith("data:")) {
        data.push(line.slice(line.startsWith("data: ") ? 6 : 5));
      }
    }
    if (buffer.length > maxEventChars || data.join().length > maxEventChars) {
      throw new LichenError(
        "limit-exceeded",
        `the server sent an event of more than ${maxEventChars} characters`,
      );
    }
  }
}
