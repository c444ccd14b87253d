import { utf8 } from "@lichen/kernel";
import { LlamaVocabularyType, type LlamaModel, type Token } from "node-llama-cpp";

/** What a model's tokens stand for. */
export class Vocabulary {
  /** Texts that are tokens of their own and steer the model, such as `<|im_start|>`. */
  readonly controls: ReadonlySet<string>;
  /** UTF-16 units that one token stands for at most. */
  readonly longestChars: number;
  readonly #model: LlamaModel;
  readonly #texts: readonly string[];
  readonly #bytes = new Map<Token, Uint8Array>();

  constructor(model: LlamaModel) {
    this.#model = model;
    this.#texts = model.fileInfo.metadata.tokenizer?.ggml?.tokens ?? [];
    const controls = new Set<string>();
    let longest = 1;
    for (const token of model.iterateAllTokens()) {
      const text = this.#texts[token] ?? "";
      longest = Math.max(longest, text.length);
      const { control, unknown } = model.getTokenAttributes(token);
      if ((control || unknown) && text !== "") controls.add(text);
    }
    this.controls = controls;
    this.longestChars = longest;
  }

  /**
   * The bytes that a token adds to an answer: not always whole characters; none for control tokens.
   * As llama.cpp's `llama_token_to_piece`, which node-llama-cpp shows only as text, where half a
   * character is lost.
   */
  bytes(token: Token): Uint8Array {
    let bytes = this.#bytes.get(token);
    if (bytes === undefined) this.#bytes.set(token, (bytes = this.#decode(token)));
    return bytes;
  }

  #decode(token: Token): Uint8Array {
    const text = this.#texts[token] ?? "";
    const { control, unknown, unused, normal, byte } = this.#model.getTokenAttributes(token);
    if (control || unknown || unused) return new Uint8Array();
    switch (this.#model.vocabularyType) {
      case LlamaVocabularyType.bpe:
        return normal ? fromGpt2(text) : utf8(text);
      case LlamaVocabularyType.spm:
      case LlamaVocabularyType.ugm:
        if (byte) return Uint8Array.of(Number.parseInt(text.slice(3, 5), 16));
        return utf8(normal ? text.replaceAll("\u2581", " ") : text);
      default:
        return utf8(this.#model.detokenize([token]));
    }
  }
}

/** GPT-2 writes a byte as itself where it prints, else as one of the characters from U+0100 on. */
const byteOf: ReadonlyMap<string, number> = new Map(gpt2Bytes());

function* gpt2Bytes(): Generator<[string, number]> {
  for (let byte = 0, next = 256; byte < 256; byte++) {
    const prints = (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
    yield [String.fromCharCode(prints ? byte : next++), byte];
  }
}

function fromGpt2(text: string): Uint8Array {
  const bytes: number[] = [];
  for (const character of text) {
    const byte = byteOf.get(character);
    // A character outside the scheme: llama.cpp shows it as it is.
    if (byte === undefined) bytes.push(...utf8(character));
    else bytes.push(byte);
  }
  return Uint8Array.from(bytes);
}
