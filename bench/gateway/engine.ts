import { toHex, utf8 } from "@lichen/kernel";
import { systemClock as clock } from "@lichen/adapter-system";
import type { Engine } from "@lichen/ports";
import { createScriptedEngine } from "@lichen/ports/memory";
import { keccak } from "@lichen/wire";

const answer = ["Forty", "-", "two", "."];

/** The engine of both sides: four tokens, all after the same delay, any number side by side. */
export function constantDelayEngine(delayMs: number): Engine {
  const model = { id: toHex(keccak(utf8("constant delay"))), name: "constant-delay", contextTokens: 4096 };
  return createScriptedEngine({ clock }, { model, slots: 1024, delayMs, answer: () => answer });
}
