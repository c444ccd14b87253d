import { parseArgs } from "node:util";
import { LichenError } from "@lichen/kernel";
import { convertGguf, writeGguf, type QuantizedType } from "@lichen/model";
import { fileSource, writeWhole } from "./file-source.ts";
import { runTool } from "./run-tool.ts";

const help = `Writes a GGUF model again with its matrices in another format.

  node tools/model/convert.ts IN.gguf --to TYPE --out FILE

  --to TYPE    f32, f16, q8_0 or q4_0
  --out FILE   the new file; an old one is replaced
  --help       this text

Matrices in F32, F16, BF16, Q8_0 and Q4_0 can be read. What a smaller format lost does not come back in a larger one.

Examples
  node tools/model/convert.ts models/lichen-shakespeare-750k-f16.gguf --to q8_0 --out /tmp/q8.gguf
  node tools/model/convert.ts models/lichen-shakespeare-750k-f16.gguf --to f32 --out /tmp/f32.gguf
`;

const types: Record<string, QuantizedType> = { f32: "F32", f16: "F16", q8_0: "Q8_0", q4_0: "Q4_0" };

async function convert(args: string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      to: { type: "string" },
      out: { type: "string" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) return void process.stdout.write(help);
  const remedy = "See --help.";
  const [input, ...more] = positionals;
  if (input === undefined || more.length > 0)
    throw new LichenError("bad-argument", "one input file is wanted", {
      details: positionals.join(" "),
      remedy,
    });
  if (values.out === undefined) throw new LichenError("bad-argument", "--out is missing", { remedy });
  const name = (values.to ?? "").toLowerCase();
  const type = Object.hasOwn(types, name) ? types[name] : undefined;
  if (type === undefined)
    throw new LichenError("bad-argument", "--to is none of f32, f16, q8_0, q4_0", { details: name, remedy });

  const source = await fileSource(input);
  try {
    const bytes = writeGguf(await convertGguf(source, type));
    await writeWhole(values.out, bytes);
    const shown = (count: number): string => count.toLocaleString("en");
    console.log(`${values.out}: ${shown(bytes.length)} bytes (${input}: ${shown(source.sizeBytes)})`);
  } finally {
    await source.close();
  }
}

await runTool(convert);
