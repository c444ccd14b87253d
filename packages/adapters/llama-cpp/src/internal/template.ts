import { createContext, Script } from "node:vm";
import { Environment, Interpreter, parse, tokenize } from "@huggingface/jinja";
import { LichenError } from "@lichen/kernel";
import type { ChatMessage } from "@lichen/wire";

/** Characters of a chat template; the longest known has about 20,000. */
const MAX_TEMPLATE_CHARS = 1 << 17;
/**
 * For rendering one conversation, by the wall clock; usual is less than one, but the first time on a busy
 * machine has taken over 1,000. A template comes with the model, from anybody.
 */
const RENDER_TIMEOUT_MS = 5000;
/** Items of one `range()`. */
const MAX_RANGE = 10_000;

/** What a template comes to: the library's type of it is not exported. */
type StringValue = { value: string };

/** What a template may insert of the model's own. */
export type TemplateTokens = { bos: string; eos: string };

/** Makes the model's prompt of a conversation. */
export type ChatTemplate = (messages: readonly ChatMessage[]) => string;

/**
 * A GGUF file's `tokenizer.chat_template` (Jinja, https://huggingface.co/docs/transformers/chat_templating).
 * The same conversation gives the same prompt on any day: templates see no clock and take their own
 * fallback date.
 *
 * The result throws `bad-argument` where the template refuses the conversation and `model-invalid`
 * where it fails or does not end.
 * @throws {LichenError} `model-invalid` where it is not Jinja
 */
export function parseTemplate(source: string, tokens: TemplateTokens): ChatTemplate {
  if (source.length > MAX_TEMPLATE_CHARS) {
    throw broken(new Error(`${source.length} characters, at most ${MAX_TEMPLATE_CHARS}`));
  }
  let program: ReturnType<typeof parse>;
  try {
    program = withinTime(() => parse(tokenize(source, { lstrip_blocks: true, trim_blocks: true })));
  } catch (cause) {
    throw broken(cause);
  }
  return (messages) => {
    let refusal: string | undefined;
    const environment = new Environment();
    const globals = {
      ...constants,
      range,
      messages,
      add_generation_prompt: true,
      bos_token: tokens.bos,
      eos_token: tokens.eos,
      raise_exception: (reason: unknown): never => {
        refusal = String(reason);
        throw new Error(refusal);
      },
    };
    for (const [name, value] of Object.entries(globals)) environment.set(name, value);
    try {
      const text = withinTime(() => new Interpreter(environment).run(program));
      return (text as StringValue).value;
    } catch (cause) {
      if (refusal === undefined) throw broken(cause);
      throw new LichenError("bad-argument", "the model's chat template refuses these messages", {
        details: refusal.slice(0, 500),
        cause,
      });
    }
  };
}

/** Jinja's, in both of the spellings that templates use. */
const constants = { true: true, false: false, none: null, True: true, False: false, None: null };

/** Python's `range`. */
function range(...bounds: number[]): number[] {
  const [start, stop, step = 1] =
    bounds.length === 1 ? [0, bounds[0] as number] : (bounds as [number, number, number?]);
  const length = Math.max(0, Math.ceil((stop - start) / step));
  if (!(length <= MAX_RANGE)) throw new Error(`range of ${length} items, at most ${MAX_RANGE}`);
  return Array.from({ length }, (_, i) => start + i * step);
}

const sandbox = createContext({ task: undefined });
const runTask = new Script("task()");

/** Runs `task`, wherever its code comes from, and stops it when it takes too long. */
function withinTime<T>(task: () => T): T {
  sandbox["task"] = task;
  try {
    return runTask.runInContext(sandbox, { timeout: RENDER_TIMEOUT_MS }) as T;
  } finally {
    sandbox["task"] = undefined;
  }
}

function broken(cause: unknown): LichenError {
  return new LichenError("model-invalid", "the model's chat template does not work", {
    details: cause instanceof Error ? cause.message.slice(0, 500) : "",
    remedy: "Ask the model's publisher for a file with a working tokenizer.chat_template.",
    cause,
  });
}
