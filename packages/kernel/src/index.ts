export { compareBytes, concat, fromHex, fromUtf8, toHex, utf8, type Hex } from "./bytes.ts";
export { codes, type ErrorCode } from "./codes.ts";
export { LichenError, toLichenError, type ErrorContext } from "./error.ts";
export { canonicalJson, stringify, type Json } from "./json.ts";
export { limits } from "./limits.ts";
export { ceilDiv, formatUnits, parseUnits } from "./units.ts";
