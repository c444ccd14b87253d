import { LichenError } from "@lichen/kernel";

// Primary result codes (sqlite.org/rescode.html); the extended ones carry them in the low byte.
const busy = 5;
const locked = 6;
const readOnly = 8;
const full = 13;
const cannotOpen = 14;

/** Whether the store can go on after this failure: the transaction was undone and nothing is in doubt. */
export function leavesUsable(error: unknown): boolean {
  return primaryCode(error) === full;
}

/**
 * A failure of SQLite or the file system in Lichen's words.
 * @param holder names the process that holds the file, if one does
 */
export function fromSqlite(error: unknown, path: string, holder?: () => string): LichenError {
  if (error instanceof LichenError) return error;
  const details = error instanceof Error ? error.message : String(error);
  const word = (message: string, remedy: string, retryable: boolean): LichenError =>
    new LichenError("state-invalid", message, { details, remedy, retryable, cause: error });
  switch (primaryCode(error)) {
    case busy:
    case locked: {
      const who = holder?.() ?? "another process";
      return word(`${path} is in use by ${who}`, `stop ${who} or give this one a path of its own`, true);
    }
    case full:
      return word(`no room left for ${path}`, "free space on the disk; nothing was written", true);
    case readOnly:
      return word(
        `${path} cannot be written`,
        "give this user write access to the file and its directory",
        false,
      );
    case cannotOpen:
    case undefined:
      return word(`${path} cannot be opened`, "check the path, its owner and its permissions", false);
    default:
      return word(
        `${path} is damaged or its disk fails`,
        "restart; if that fails too, restore the file from a backup",
        false,
      );
  }
}

function primaryCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !("errcode" in error)) return undefined;
  return typeof error.errcode === "number" ? error.errcode & 0xff : undefined;
}
