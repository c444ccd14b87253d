/** The oldest Node that can install Lichen. What runs afterwards is the Node that npm installs. */
const oldestNode = 20;

/**
 * Why Lichen cannot be installed here, or null. Only what has been tried is let through.
 *
 * @param {string} platform as `process.platform`
 * @param {string} arch as `process.arch`
 * @param {string} nodeVersion as `process.versions.node`
 * @returns {string | null}
 */
export function refusal(platform, arch, nodeVersion) {
  if (platform !== "linux" || arch !== "x64") {
    return (
      "Lichen runs on linux-x64 only so far; this machine is " +
      platform +
      "-" +
      arch +
      ", where it has not been tried.\nUse a Linux x64 machine, virtual machine or container."
    );
  }
  if (!(parseInt(nodeVersion, 10) >= oldestNode)) {
    return (
      "Lichen needs Node " +
      oldestNode +
      " or newer to install itself; this is Node " +
      nodeVersion +
      ".\nGet a newer one from https://nodejs.org or your package manager."
    );
  }
  return null;
}
