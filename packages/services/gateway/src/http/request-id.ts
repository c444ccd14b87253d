import type { Clock, Random } from "@lichen/ports";

/** A new request id: time first, so that ids sort by age, then 80 random bits; 29 characters. */
export function newRequestId({ clock, random }: { clock: Clock; random: Random }): string {
  const time = clock.nowMs().toString(36).padStart(9, "0");
  let noise = "";
  for (const byte of random.bytes(10)) noise += byte.toString(16).padStart(2, "0");
  return `${time}${noise}`;
}

/** What an id of ours looks like. */
export const requestIdPattern: RegExp = /^[0-9a-z]{9}[0-9a-f]{20}$/;
