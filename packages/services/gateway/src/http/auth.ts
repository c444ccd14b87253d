import { utf8 } from "@lichen/kernel";
import { keccak } from "@lichen/wire";
import type { HttpRequest } from "@lichen/ports";
import { errorOf, type OpenAiError } from "../openai/error.ts";

/** Checker of the one API key; compares digests, so that timing tells nothing about the key. */
export function authenticator(apiKey: string): (request: HttpRequest) => OpenAiError | undefined {
  const expected = keccak(utf8(apiKey));
  return ({ headers }) => {
    const given = /^Bearer +(\S+)$/i.exec(String(headers.authorization ?? ""))?.[1];
    if (given === undefined) {
      const text = "You did not provide an API key: send it as `Authorization: Bearer KEY`.";
      return errorOf(401, "invalid_request_error", text, null, "missing_api_key");
    }
    const digest = keccak(utf8(given));
    const same =
      digest.reduce((difference, byte, i) => difference | (byte ^ (expected[i] as number)), 0) === 0;
    return same
      ? undefined
      : errorOf(401, "invalid_request_error", "Incorrect API key.", null, "invalid_api_key");
  };
}
