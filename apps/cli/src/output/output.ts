import { styleText } from "node:util";

/** The styles in use; `styleText` itself looks at NO_COLOR and whether there is a terminal. */
export type Style = "bold" | "dim" | "green" | "red" | "yellow" | "cyan";

/** Where a command says what it has to say: lines for people, or one JSON object a line. */
export type Output = {
  readonly json: boolean;
  /** A line for people; nothing with `--json`. */
  line(text?: string): void;
  /** A piece of a line for people. */
  write(text: string): void;
  /** A line for programs; nothing without `--json`. */
  data(value: Readonly<Record<string, unknown>>): void;
  style(style: Style, text: string): string;
};

/** Speaks on standard output. */
export function createOutput(json: boolean, stream: NodeJS.WriteStream = process.stdout): Output {
  return {
    json,
    line(text = "") {
      if (!json) stream.write(`${text}\n`);
    },
    write(text) {
      if (!json) stream.write(text);
    },
    data(value) {
      if (json) stream.write(`${JSON.stringify(value, bigintAsString)}\n`);
    },
    style: (style, text) => styleText(style, text, { stream }),
  };
}

const bigintAsString = (_key: string, value: unknown): unknown =>
  typeof value === "bigint" ? value.toString() : value;
