export { systemClock } from "./clock.ts";
export { openKeyFile, type KeyFile } from "./key-file.ts";
export { systemRandom } from "./random.ts";
export { loadOrCreateSecret } from "./secret.ts";
