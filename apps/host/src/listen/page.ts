import { createHash } from "node:crypto";
import type { Route } from "@lichen/ports";

/** One static file of a page. */
export type Asset = { path: string; contentType: string; text: string };

/** A static page: its files, served as they are. */
export type Page = readonly Asset[];

// Nothing from elsewhere, nothing inline: text from a model can never become a program here.
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

/** Routes that serve a page. */
export function pageRoutes(page: Page): Route[] {
  return page.map(({ path, contentType, text }) => {
    const etag = `"${createHash("sha256").update(text).digest("base64url")}"`;
    const headers = {
      "content-type": contentType,
      "content-security-policy": policy,
      "referrer-policy": "no-referrer",
      "cross-origin-opener-policy": "same-origin",
      "cache-control": "no-cache",
      etag,
    };
    return {
      method: "GET",
      path,
      async handle(request, response) {
        if (request.headers["if-none-match"] === etag) response.send(304, headers, "");
        else response.send(200, headers, text);
      },
    };
  });
}
