import { readFileSync } from "node:fs";
import type { Page } from "./listen/page.ts";

const files = [
  { path: "/", name: "index.html", contentType: "text/html; charset=utf-8" },
  { path: "/playground.css", name: "playground.css", contentType: "text/css; charset=utf-8" },
  { path: "/playground.js", name: "playground.js", contentType: "text/javascript; charset=utf-8" },
  { path: "/favicon.svg", name: "favicon.svg", contentType: "image/svg+xml" },
] as const;

/** The playground, read from its directory. */
export function playground(): Page {
  return files.map(({ path, name, contentType }) => ({
    path,
    contentType,
    text: readFileSync(new URL(`../../playground/${name}`, import.meta.url), "utf8"),
  }));
}
