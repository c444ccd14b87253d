import { LichenError } from "@lichen/kernel";
import type { GgufMetadata } from "./gguf.ts";

/** Turns text into token numbers and back. */
export type Tokenizer = {
  vocabularySize: number;
  /** Ends a text; never the outcome of `encode`. */
  endToken: number;
  encode: (text: string) => number[];
  /** The text of the tokens; special tokens have none, and bytes that are not UTF-8 become U+FFFD. */
  decode: (tokens: Iterable<number>) => string;
  /** The bytes of the tokens, exactly. */
  decodeBytes: (tokens: Iterable<number>) => Uint8Array;
  /** What a GGUF file says so that llama.cpp does the same. */
  metadata: () => GgufMetadata;
};

const END = 256;

// llama.cpp's token types.
const NORMAL = 1;
const CONTROL = 3;
const UNUSED = 5;

/**
 * One token per byte of UTF-8, numbered by the byte; then `<|endoftext|>`, then unused ones up to `vocabularySize`.
 *
 * For llama.cpp this is a GPT-2 tokenizer without merges. (A SentencePiece one would change spaces.)
 *
 * @throws LichenError `bad-argument` when the vocabulary cannot hold the bytes and the end.
 *
 * @example
 * byteTokenizer(260).encode("é"); // [195, 169]
 */
export function byteTokenizer(vocabularySize: number): Tokenizer {
  if (!Number.isInteger(vocabularySize) || vocabularySize <= END)
    throw new LichenError("bad-argument", "a byte vocabulary has at least 257 tokens", {
      details: String(vocabularySize),
    });
  const decodeBytes = (tokens: Iterable<number>): Uint8Array =>
    Uint8Array.from([...tokens].filter((token) => token < END));
  return {
    vocabularySize,
    endToken: END,
    encode: (text) => [...new TextEncoder().encode(text)],
    decode: (tokens) => new TextDecoder("utf-8", { ignoreBOM: true }).decode(decodeBytes(tokens)),
    decodeBytes,
    metadata: () => byteMetadata(vocabularySize),
  };
}

/**
 * GPT-2's printable character for a byte: itself where it prints, else one from U+0100 on.
 * (https://github.com/openai/gpt-2/blob/master/src/encoder.py)
 */
export function byteCharacter(byte: number): string {
  return characters[byte]!;
}

const characters: string[] = [];
for (let byte = 0, next = 256; byte < 256; byte++) {
  const prints = (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
  characters.push(String.fromCharCode(prints ? byte : next++));
}

function byteMetadata(vocabularySize: number): GgufMetadata {
  const tokens = [...characters, "<|endoftext|>"];
  const types = [...characters.map(() => NORMAL), CONTROL];
  while (tokens.length < vocabularySize) {
    tokens.push(`<|unused_${tokens.length - END}|>`);
    types.push(UNUSED);
  }
  return new Map([
    ["tokenizer.ggml.model", { type: "string", value: "gpt2" }],
    // Decides nothing about single bytes, but keeps llama.cpp from dropping spaces before punctuation, as it does for
    // "gpt-2".
    ["tokenizer.ggml.pre", { type: "string", value: "smollm" }],
    ["tokenizer.ggml.tokens", { type: "array", items: "string", value: tokens }],
    ["tokenizer.ggml.token_type", { type: "array", items: "int32", value: types }],
    ["tokenizer.ggml.merges", { type: "array", items: "string", value: [] }],
    ["tokenizer.ggml.bos_token_id", { type: "uint32", value: END }],
    ["tokenizer.ggml.eos_token_id", { type: "uint32", value: END }],
    ["tokenizer.ggml.add_bos_token", { type: "bool", value: false }],
    ["tokenizer.ggml.add_eos_token", { type: "bool", value: false }],
  ]);
}
