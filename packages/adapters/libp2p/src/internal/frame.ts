/**
 * A frame on the wire: length (u32, of what follows it), type (u8), request id (u32), payload; big
 * endian. Request ids belong to the side that asks; frames of the link itself carry id 0.
 */
export const frameType = {
  /** JSON `{ v, binding }`: who this is. The first frame of each side. */
  hello: 0,
  /** u32 requests it answers side by side: the other's hello was accepted. */
  ready: 1,
  /** u32 credit in bytes, u8 length of the method's name, the name, body. */
  request: 2,
  /** One item of an answer. */
  item: 3,
  /** The answer is complete. */
  end: 4,
  /** JSON `{ code, message, retryable }`: the request failed or, with id 0, why the link gets closed. */
  error: 5,
  /** The asker wants no more of the answer. */
  cancel: 6,
  /** u32 bytes that the asker has consumed: the answerer may send that many more. */
  credit: 7,
  /** Any sign of life is answer enough, `pong` is one. */
  ping: 8,
  pong: 9,
  /** This side starts no more requests here; when both said so and are done, the stream closes. */
  goodbye: 10,
} as const;

export type FrameType = (typeof frameType)[keyof typeof frameType];

/** Bytes before the payload. */
export const headerBytes = 9;

/** What the length field does not count: itself. */
export const lengthBytes = 4;

/** Until the other side is known, no frame may be larger. */
export const helloBytes = 4096;

/** What an item costs in credit: its size and a charge, so that a flood of empty items is bounded too. */
export function itemCost(sizeBytes: number): number {
  return sizeBytes + 64;
}

/** Credit a request starts with. Answers of a few kilobytes never wait for more. */
export const windowBytes: number = 256 * 1024;

export const noBytes: Uint8Array = new Uint8Array(0);

/** Big-endian u32 at `at`. */
export function readU32(bytes: Uint8Array, at: number): number {
  return (
    (bytes[at] as number) * 0x1000000 +
    (((bytes[at + 1] as number) << 16) | ((bytes[at + 2] as number) << 8) | (bytes[at + 3] as number))
  );
}

export function writeU32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}

/** A u32 as a payload. */
export function u32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  writeU32(bytes, 0, value);
  return bytes;
}

/** Writes a frame at `at` and returns where it ends. The payload is `head` and `body` in a row. */
export function writeFrame(
  out: Uint8Array,
  at: number,
  type: FrameType,
  id: number,
  head: Uint8Array,
  body: Uint8Array,
): number {
  writeU32(out, at, headerBytes - lengthBytes + head.length + body.length);
  out[at + 4] = type;
  writeU32(out, at + 5, id);
  let end = at + headerBytes;
  if (head.length > 0) {
    out.set(head, end);
    end += head.length;
  }
  out.set(body, end);
  return end + body.length;
}
