// Loaded into every test file's process. A test that times out may leave a socket or timer behind, and the
// process then never ends; neither would the run. Unreferenced, this keeps no process alive itself.
const limitMs = Number(process.env["LICHEN_TEST_FILE_MS"]);

if (process.env["NODE_TEST_CONTEXT"] !== undefined && limitMs > 0) {
  setTimeout(() => {
    const active = process.getActiveResourcesInfo().join(", ");
    process.stderr.write(`Still running after ${limitMs / 1000} s, and ended. Active: ${active}\n`);
    process.exit(1);
  }, limitMs).unref();
}
