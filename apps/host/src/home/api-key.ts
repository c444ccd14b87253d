import { join } from "node:path";
import { toHex } from "@lichen/kernel";
import { loadOrCreateSecret } from "@lichen/adapter-system";
import type { Home } from "./home.ts";

const keyBytes = 24;

/** The home's API key, drawn at first use. */
export async function apiKey(home: Home): Promise<string> {
  const secret = await loadOrCreateSecret(join(home.keys, "api.key"), keyBytes);
  return `sk-lichen-${toHex(secret).slice(2)}`;
}
