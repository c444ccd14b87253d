import { LichenError } from "@lichen/kernel";

/** The protocol that this build speaks. Raised by any change that an older peer would misread. */
export const protocolVersion = 1;

/**
 * @throws {LichenError} `version-unsupported`, naming both versions
 */
export function assertVersion(theirs: unknown, what: string): void {
  if (theirs === protocolVersion) return;
  // Only a scalar is printed: turning a stranger's object into text can throw.
  const named =
    typeof theirs === "number" || typeof theirs === "string" ? String(theirs).slice(0, 20) : "none";
  throw new LichenError(
    "version-unsupported",
    `${what}: peer speaks version ${named}, we speak ${protocolVersion}`,
    {
      remedy: "upgrade the older side",
    },
  );
}
