import { LichenError } from "@lichen/kernel";
import type { ChatMessage } from "@lichen/wire";
import { LlamaVocabularyType, type LlamaModel, type Token } from "node-llama-cpp";
import { createGuard, type Guard } from "./guard.ts";
import { splitText } from "./split.ts";
import { parseTemplate, type ChatTemplate } from "./template.ts";
import type { Vocabulary } from "./vocabulary.ts";

/** Unicode's noncharacters U+FDD0 to U+FDEF: no text that is meant to be read holds them. */
const marks: readonly string[] = Array.from({ length: 32 }, (_, i) => String.fromCharCode(0xfdd0 + i));

/** Turns conversations into what the model reads. */
export class Prompter {
  readonly #model: LlamaModel;
  readonly #vocabulary: Vocabulary;
  readonly #template: ChatTemplate | undefined;
  readonly #guard: Guard;

  /** @throws {LichenError} `model-invalid` where the model's template is not Jinja */
  constructor(model: LlamaModel, vocabulary: Vocabulary) {
    this.#model = model;
    this.#vocabulary = vocabulary;
    const source: unknown = model.fileInfo.metadata.tokenizer?.chat_template;
    const { bosString: bos, eosString: eos } = model.tokens;
    if (typeof source === "string" && source !== "") {
      this.#template = parseTemplate(source, { bos: bos ?? "", eos: eos ?? "" });
    }
    this.#guard = createGuard(vocabulary.controls);
  }

  /**
   * The prompt's tokens. Control tokens come from the template alone: the same text in a message is
   * read letter by letter. A model without a template continues the messages, joined by line breaks.
   * @throws {LichenError} `context-overflow` beyond `maxTokens`, `bad-argument`, `model-invalid`
   */
  encode(messages: readonly ChatMessage[], maxTokens: number): Token[] {
    const mark = marks.find((one) => !messages.some(({ content }) => content.includes(one)));
    if (mark === undefined)
      throw new LichenError("bad-argument", "the messages hold all of U+FDD0 to U+FDEF");
    const guarded = messages.map(({ role, content }) => ({ role, content: this.#guard(content, mark) }));
    const text = this.#template?.(guarded) ?? guarded.map(({ content }) => content).join("\n");
    // Before the time is spent to count exactly.
    if (text.length > maxTokens * this.#vocabulary.longestChars)
      throw overflow(`over ${maxTokens}`, maxTokens);
    const tokens: Token[] = [];
    for (const part of text.split(mark)) {
      for (const piece of splitText(part, this.#vocabulary.controls)) {
        for (const token of this.#tokenize(piece, tokens.length === 0)) tokens.push(token);
        if (tokens.length > maxTokens) throw overflow(`over ${maxTokens}`, maxTokens);
      }
    }
    const { bos, shouldPrependBosToken } = this.#model.tokens;
    if (shouldPrependBosToken && bos !== null && tokens[0] !== bos) tokens.unshift(bos);
    if (tokens.length === 0) throw new LichenError("bad-argument", "the prompt is empty");
    if (tokens.length > maxTokens) throw overflow(String(tokens.length), maxTokens);
    return tokens;
  }

  #tokenize(piece: string, isFirst: boolean): Token[] {
    // A control token of one character stands alone between two marks.
    const isControl = piece.length <= 2 && this.#vocabulary.controls.has(piece);
    const special = this.#template !== undefined && !isControl;
    // SentencePiece puts a blank before whatever it is given.
    const addsBlank = !isFirst && this.#model.vocabularyType !== LlamaVocabularyType.bpe;
    return this.#model.tokenize(piece, special, addsBlank ? "trimLeadingSpace" : undefined);
  }
}

function overflow(promptTokens: string, maxTokens: number): LichenError {
  return new LichenError("context-overflow", "the prompt does not fit the model's context", {
    details: `${promptTokens} tokens; at most ${maxTokens} leave room for one of answer`,
    remedy: "Shorten the conversation.",
  });
}
