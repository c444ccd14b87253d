export { codes, type ErrorCode } from "./codes.ts";
export { LichenError, toLichenError, type ErrorContext } from "./error.ts";
