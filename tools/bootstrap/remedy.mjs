/** What npm says when it fails, and what helps. The first that fits counts. */
const remedies = [
  [
    /spawn npm ENOENT/,
    "There is no npm here. It comes with Node from https://nodejs.org; some systems package it separately.",
  ],
  [
    /ENOSPC|no space left/i,
    "The disk is full. Free some space (an installation needs about a gigabyte) and try again.",
  ],
  [
    /\b407\b|proxy auth/i,
    "A proxy asks for a password. Put it into HTTPS_PROXY (http://user:password@host:port) and try again.",
  ],
  [
    /SELF_SIGNED_CERT|UNABLE_TO_(GET_ISSUER|VERIFY)|CERT_HAS_EXPIRED|certificate/i,
    "npm does not trust the registry's certificate, as happens behind a proxy that inspects traffic. Point NODE_EXTRA_CA_CERTS at the proxy's root certificate.",
  ],
  [
    /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ENOTCACHED|ERR_SOCKET|network/i,
    "npm cannot reach its registry. Check the network; behind a proxy, set HTTPS_PROXY=http://host:port.",
  ],
  [
    /EACCES|EPERM|EROFS|permission denied|read-only/i,
    "npm may not write. The clone and ~/.npm must belong to you: see who owns them with ls -ld . node_modules ~/.npm, and do not mix in sudo.",
  ],
  [
    /EUSAGE|in sync/i,
    "package.json and package-lock.json disagree. After changing a dependency, run npm install once.",
  ],
  [/EINTEGRITY/i, "A downloaded package is damaged or was changed. Run npm cache verify and try again."],
  [
    /E404|ETARGET|notarget/i,
    "The registry that npm is set to use lacks a package. See npm config get registry.",
  ],
];

/**
 * One sentence about what helps against a failed npm, judged by what it printed.
 *
 * @param {string} output
 * @returns {string}
 */
export function remedy(output) {
  const found = remedies.find(([pattern]) => pattern.test(output));
  return found === undefined ? "Read what npm says above; running the same command again is safe." : found[1];
}
