import { LichenError } from "@lichen/kernel";
import { ggufLimits, ggufTypeIds, type GgufNumberType, type GgufValue } from "../gguf.ts";
import type { Cursor } from "./cursor.ts";

type Scalar = number | bigint | boolean;
type ScalarType = GgufNumberType | "uint64" | "int64" | "bool";
type ScalarCodec = {
  sizeBytes: number;
  get: (view: DataView, at: number) => Scalar;
  set: (view: DataView, at: number, value: never) => void;
};

/** How each scalar type lies in the file: little-endian, without padding. */
const scalars: Record<ScalarType, ScalarCodec> = {
  uint8: { sizeBytes: 1, get: (v, at) => v.getUint8(at), set: (v, at, x) => v.setUint8(at, x) },
  int8: { sizeBytes: 1, get: (v, at) => v.getInt8(at), set: (v, at, x) => v.setInt8(at, x) },
  uint16: {
    sizeBytes: 2,
    get: (v, at) => v.getUint16(at, true),
    set: (v, at, x) => v.setUint16(at, x, true),
  },
  int16: { sizeBytes: 2, get: (v, at) => v.getInt16(at, true), set: (v, at, x) => v.setInt16(at, x, true) },
  uint32: {
    sizeBytes: 4,
    get: (v, at) => v.getUint32(at, true),
    set: (v, at, x) => v.setUint32(at, x, true),
  },
  int32: { sizeBytes: 4, get: (v, at) => v.getInt32(at, true), set: (v, at, x) => v.setInt32(at, x, true) },
  float32: {
    sizeBytes: 4,
    get: (v, at) => v.getFloat32(at, true),
    set: (v, at, x) => v.setFloat32(at, x, true),
  },
  float64: {
    sizeBytes: 8,
    get: (v, at) => v.getFloat64(at, true),
    set: (v, at, x) => v.setFloat64(at, x, true),
  },
  uint64: {
    sizeBytes: 8,
    get: (v, at) => v.getBigUint64(at, true),
    set: (v, at, x) => v.setBigUint64(at, x, true),
  },
  int64: {
    sizeBytes: 8,
    get: (v, at) => v.getBigInt64(at, true),
    set: (v, at, x) => v.setBigInt64(at, x, true),
  },
  bool: { sizeBytes: 1, get: readBool, set: (v, at, x) => v.setUint8(at, x ? 1 : 0) },
};

function readBool(view: DataView, at: number): boolean {
  const byte = view.getUint8(at);
  if (byte > 1)
    throw new LichenError("model-invalid", "a truth value is neither 0 nor 1", { details: String(byte) });
  return byte === 1;
}

const typeNames: Map<number, GgufValue["type"]> = new Map(
  Object.entries(ggufTypeIds).map(([name, id]) => [id, name as GgufValue["type"]]),
);

function typeName(id: number): GgufValue["type"] {
  const name = typeNames.get(id);
  if (name === undefined)
    throw new LichenError("model-invalid", "unknown metadata type", { details: String(id) });
  return name;
}

/** Reads a length and that many bytes of UTF-8. */
export async function readString(cursor: Cursor, what: string, mostBytes: number): Promise<string> {
  const length = await cursor.count(what, Math.min(mostBytes, Math.max(0, cursor.remaining - 8)));
  const bytes = await cursor.bytes(length);
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new LichenError("model-invalid", `${what} is not UTF-8`, {
      details: `at byte ${cursor.position}`,
      cause,
    });
  }
}

/** Items that all arrays of one file may still have. */
export type ArrayBudget = { items: number };

/** Reads a type and a value of it. */
export async function readValue(cursor: Cursor, key: string, budget: ArrayBudget): Promise<GgufValue> {
  const type = typeName(await cursor.uint32());
  if (type === "array") return readArray(cursor, key, budget);
  if (type === "string") return { type, value: await readString(cursor, key, ggufLimits.headerBytes) };
  const { sizeBytes, get } = scalars[type];
  return { type, value: get(await cursor.view(sizeBytes), 0) } as GgufValue;
}

async function readArray(cursor: Cursor, key: string, budget: ArrayBudget): Promise<GgufValue> {
  const items = typeName(await cursor.uint32());
  if (items === "array")
    throw new LichenError("model-invalid", "arrays of arrays are not supported", { details: key });
  const itemBytes = items === "string" ? 8 : scalars[items].sizeBytes;
  const most = Math.min(budget.items, Math.max(0, cursor.remaining - 8) / itemBytes);
  const length = await cursor.count(`the length of ${key}`, Math.floor(most));
  budget.items -= length;
  const value: (Scalar | string)[] = [];
  if (items === "string")
    for (let i = 0; i < length; i++) value.push(await readString(cursor, key, ggufLimits.headerBytes));
  else {
    // In portions, so that no single view is longer than the cursor's chunk would be.
    const portion = 4096;
    for (let done = 0; done < length; done += portion) {
      const count = Math.min(portion, length - done);
      const view = await cursor.view(count * itemBytes);
      for (let i = 0; i < count; i++) value.push(scalars[items].get(view, i * itemBytes));
    }
  }
  return { type: "array", items, value } as GgufValue;
}

const encoder = new TextEncoder();

/** A string as GGUF has it: length in 8 bytes, then UTF-8. */
export function encodeString(text: string): Uint8Array {
  const utf8 = encoder.encode(text);
  const bytes = new Uint8Array(8 + utf8.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(utf8.length), true);
  bytes.set(utf8, 8);
  return bytes;
}

/** A value as GGUF has it: the type in 4 bytes, then the value. The only encoding a value has. */
export function encodeValue(entry: GgufValue): Uint8Array {
  if (entry.type !== "array")
    return concat([uint32(ggufTypeIds[entry.type]), encodeItem(entry.type, entry.value)]);
  const length = new Uint8Array(8);
  new DataView(length.buffer).setBigUint64(0, BigInt(entry.value.length), true);
  const head = [uint32(ggufTypeIds.array), uint32(ggufTypeIds[entry.items]), length];
  return concat([...head, ...entry.value.map((item) => encodeItem(entry.items, item))]);
}

function encodeItem(type: ScalarType | "string", value: Scalar | string): Uint8Array {
  if (type === "string") return encodeString(value as string);
  const bytes = new Uint8Array(scalars[type].sizeBytes);
  scalars[type].set(new DataView(bytes.buffer), 0, value as never);
  return bytes;
}

/** An unsigned number in 4 bytes, little-endian. */
export function uint32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return bytes;
}

/** An unsigned number in 8 bytes, little-endian. */
export function uint64(value: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value), true);
  return bytes;
}

/** The parts in one piece. */
export function concat(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
