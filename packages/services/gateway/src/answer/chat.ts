import type { Sampling, ChatMessage, OfferedModel } from "@lichen/wire";

/** A chat request as the gateway understands it, whatever API it came through. */
export type Chat = { model: OfferedModel; messages: ChatMessage[]; sampling: Sampling };

/** Tokens that a model's template may add, over all its messages and for each of them. */
const templateTokens = 512;
const templateTokensPerMessage = 16;

/**
 * No tokenizer makes more tokens of a text than it has bytes, so this bounds the prompt without
 * knowing the model.
 */
export function promptTokensBound(messages: readonly ChatMessage[]): number {
  const bytes = messages.reduce((sum, { content }) => sum + utf8Length(content), 0);
  return bytes + messages.length * templateTokensPerMessage + templateTokens;
}

function utf8Length(text: string): number {
  let bytes = 0;
  for (const character of text) {
    const code = character.codePointAt(0) as number;
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x1_0000 ? 3 : 4;
  }
  return bytes;
}
