import assert from "node:assert/strict";
import { test } from "node:test";
import { LichenError, type ErrorCode } from "@lichen/kernel";
import type { ChatMessage } from "@lichen/wire";
import { chatMl } from "../../test/tiny-model.ts";
import { parseTemplate } from "./template.ts";

const tokens = { bos: "<s>", eos: "</s>" };
const hello: ChatMessage[] = [{ role: "user", content: " hello " }];
const code = (expected: ErrorCode) => (error: unknown) =>
  error instanceof LichenError && error.code === expected;

test("renders a conversation and asks for the answer", () => {
  assert.equal(
    parseTemplate(chatMl, tokens)(hello),
    "<|im_start|>user\nhello<|im_end|>\n<|im_start|>assistant\n",
  );
  assert.equal(
    parseTemplate("{{ bos_token }}{{ messages[0]['content'] }}{{ eos_token }}", tokens)(hello),
    "<s> hello </s>",
  );
});

test("knows what templates use: namespaces, ranges, loops, filters", () => {
  const source =
    "{% set ns = namespace(n=0) %}{% for i in range(1, 7, 2) %}{% set ns.n = ns.n + i %}{% endfor %}" +
    "{{ ns.n }}{% if tools is defined %}T{% endif %}{{ messages | length }}{{ None is none }}";
  assert.equal(parseTemplate(source, tokens)(hello), "91true");
});

test("shows templates no clock, so that a request gives one prompt on any day", () => {
  const source = "{% if strftime_now is defined %}{{ strftime_now('%Y') }}{% else %}fixed{% endif %}";
  assert.equal(parseTemplate(source, tokens)(hello), "fixed");
});

test("passes on why a template refuses a conversation", () => {
  const refusing = parseTemplate("{{ raise_exception('roles must alternate') }}", tokens);
  assert.throws(
    () => refusing(hello),
    (error: LichenError) => {
      assert.equal(error.code, "bad-argument");
      assert.equal(error.details, "roles must alternate");
      return true;
    },
  );
});

test("says that a template is broken", () => {
  for (const source of ["{% if %}", "{{ 'a", "{% for x in y %}", "x".repeat(1 << 18)]) {
    assert.throws(() => parseTemplate(source, tokens), code("model-invalid"), source.slice(0, 20));
  }
  for (const source of ["{{ messages.foo() }}", "{{ nothing() }}", "{{ range(100000000) | length }}"]) {
    const template = parseTemplate(source, tokens);
    assert.throws(() => template(hello), code("model-invalid"), source);
  }
});

test("stops a template that does not end", () => {
  const loop = "{% for i in range(9999) %}".repeat(4) + "{% endfor %}".repeat(4);
  const template = parseTemplate(loop, tokens);
  assert.throws(() => template(hello), code("model-invalid"));
});
