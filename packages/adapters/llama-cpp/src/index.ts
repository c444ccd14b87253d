export { createLlamaCppEngine, type LlamaCppOptions } from "./engine.ts";
