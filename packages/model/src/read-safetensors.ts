import { LichenError } from "@lichen/kernel";
import { readExactly, type ByteSource } from "./byte-source.ts";
import { MAX_SAFETENSORS_HEADER_BYTES, safetensorsSizes, type SafetensorsInfo } from "./safetensors.ts";

/** A safetensors file's header. */
export type Safetensors = { metadata: Map<string, string>; tensors: Map<string, SafetensorsInfo> };

/** The most dimensions a tensor may have. */
const MAX_DIMENSIONS = 32;

/**
 * Reads the header of a safetensors file (https://huggingface.co/docs/safetensors) and checks it whole: types, shapes,
 * and that the tensors cover the data without gap or overlap, as the format asks. No tensor data is read; use
 * `source.read(info.offset, info.sizeBytes)`.
 *
 * @throws LichenError `model-invalid` on anything else than a whole, well-formed file.
 */
export async function readSafetensors(source: ByteSource): Promise<Safetensors> {
  const prefix = await readExactly(source, 0, 8);
  const headerBytes = new DataView(prefix.buffer, prefix.byteOffset, 8).getBigUint64(0, true);
  if (headerBytes > BigInt(Math.min(MAX_SAFETENSORS_HEADER_BYTES, source.sizeBytes - 8)))
    throw invalid("the header is longer than the file or the bound", `${headerBytes} bytes`);
  const start = 8 + Number(headerBytes);
  const header = parseHeader(await readExactly(source, 8, Number(headerBytes)));

  const metadata = new Map<string, string>();
  const tensors = new Map<string, SafetensorsInfo>();
  for (const [name, entry] of header)
    if (name === "__metadata__") for (const [key, value] of parseMetadata(entry)) metadata.set(key, value);
    else tensors.set(name, parseTensor(name, entry, start));
  checkCoverage([...tensors.values()], start, source.sizeBytes);
  return { metadata, tensors };
}

function invalid(message: string, details: string, cause?: unknown): LichenError {
  return new LichenError("model-invalid", `safetensors: ${message}`, { details, cause });
}

function parseHeader(bytes: Uint8Array): [string, unknown][] {
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch (cause) {
    throw invalid("the header is not JSON", `${bytes.length} bytes`, cause);
  }
  if (!isRecord(header)) throw invalid("the header is not an object", typeof header);
  return Object.entries(header);
}

function parseMetadata(entry: unknown): [string, string][] {
  if (!isRecord(entry)) throw invalid("__metadata__ is not an object", typeof entry);
  return Object.entries(entry).map(([key, value]) => {
    if (typeof value !== "string") throw invalid("a metadata value is not text", key);
    return [key, value];
  });
}

function parseTensor(name: string, entry: unknown, start: number): SafetensorsInfo {
  const { dtype, shape, data_offsets: range } = isRecord(entry) ? entry : {};
  if (typeof dtype !== "string" || !Object.hasOwn(safetensorsSizes, dtype))
    throw invalid(`tensor ${name} has a type this version cannot read`, String(dtype));
  if (!isCounts(shape) || shape.length > MAX_DIMENSIONS)
    throw invalid(`tensor ${name} has no shape`, String(shape));
  if (!isCounts(range) || range.length !== 2) throw invalid(`tensor ${name} has no range`, String(range));
  const type = dtype as SafetensorsInfo["type"];
  const [begin, end] = range as [number, number];
  const sizeBytes = shape.reduce((a, b) => a * b, safetensorsSizes[type]);
  if (!Number.isSafeInteger(sizeBytes) || end - begin !== sizeBytes)
    throw invalid(
      `tensor ${name} does not fill its range`,
      `${type} [${shape.join(", ")}] in ${begin}..${end}`,
    );
  return { type, shape, offset: start + begin, sizeBytes };
}

function checkCoverage(tensors: SafetensorsInfo[], start: number, fileBytes: number): void {
  let end = start;
  for (const tensor of tensors.sort((a, b) => a.offset - b.offset || a.sizeBytes - b.sizeBytes)) {
    if (tensor.offset !== end)
      throw invalid("tensors overlap or leave a gap", `at byte ${tensor.offset}, not ${end}`);
    end += tensor.sizeBytes;
  }
  if (end !== fileBytes)
    throw invalid("the file was cut or has a tail", `${fileBytes} bytes instead of ${end}`);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((count) => Number.isSafeInteger(count) && count >= 0);
}
