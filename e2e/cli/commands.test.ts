import assert from "node:assert/strict";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import test from "node:test";
import { place, startMs, stopMs, until, type Place, type Running } from "./cli.ts";

const error = (command: Running): { code: string; details: string; remedy: string } =>
  command.said().find((each) => each.event === "error") as never;

test("a running network and every command around it", { timeout: 3 * startMs }, async (t) => {
  const here = place(t);
  const up = here.run("up", "--json", "--port", "0", "--providers", "1");
  const ready = await up.event("ready", startMs);
  const url = String(ready["url"]);
  const authorization = { authorization: `Bearer ${String(ready["apiKey"])}` };
  const answer = await up.event("answer", 1_000);
  const request = (answer["lichen"] as { request: string }).request;
  const receipt = join(here.home, "..", `${here.home.split("/").at(-1)}-receipt.json`);
  t.after(() => import("node:fs").then(({ rmSync }) => rmSync(receipt, { force: true })));

  await t.test("its run file is for its owner only", () => {
    assert.equal(statSync(join(here.home, "run.json")).mode & 0o777, 0o600);
  });

  await t.test("a second one in the same home is refused with the address of the first", async () => {
    const second = here.run("up", "--json");
    assert.equal(await second.exit(stopMs), 1);
    assert.equal(error(second).code, "already-running");
    assert.ok(error(second).details.includes(url), error(second).details);
  });

  await t.test("status shows every process, and what the gateway says", async () => {
    const status = here.run("status", "--json");
    assert.equal(await status.exit(stopMs), 0);
    const { processes, gateway } = status.said()[0] as unknown as {
      processes: { name: string; state: string; residentBytes: number }[];
      gateway: { providers: unknown[] };
    };
    assert.deepEqual(
      processes.map((each) => each.name),
      ["supervisor", "chain", "provider-1", "gateway"],
    );
    assert.ok(processes.every((each) => each.state === "ready" && each.residentBytes > 1e6));
    assert.equal(gateway.providers.length, 1);
    const people = here.run("status");
    assert.equal(await people.exit(stopMs), 0);
    assert.match(people.output(), /provider-1/);
  });

  await t.test("the page needs no key and brings nothing from elsewhere, the API does", async () => {
    const page = await fetch(url);
    assert.match(page.headers.get("content-security-policy") ?? "", /default-src 'none'/);
    assert.doesNotMatch(await page.text(), /https?:\/\//);
    assert.equal((await fetch(`${url}/health`)).status, 200);
    assert.equal((await fetch(`${url}/v1/models`)).status, 401);
    assert.equal((await fetch(`${url}/lichen/channels/close`, { method: "POST" })).status, 401);
    assert.equal((await fetch(`${url}/v1/models`, { headers: authorization })).status, 200);
  });

  await t.test("chat answers and says who and how much", async () => {
    const chat = here.run("chat", "Good morrow", "--max-tokens", "12");
    assert.equal(await chat.exit(stopMs), 0, chat.output());
    assert.match(chat.output(), /provider +0x[0-9a-f]{40}/);
    assert.match(chat.output(), /cost +0\.\d+ \w+ for \d+ \+ \d+ tokens/);
    const unknown = here.run("chat", "Hm", "--model", "no-such-model", "--json");
    assert.equal(await unknown.exit(stopMs), 1);
    assert.equal(error(unknown).code, "gateway-refused");
  });

  await t.test("a receipt is fetched, verified, and confirmed by the chain", async () => {
    const get = here.run("receipt", "get", request, "-o", receipt);
    assert.equal(await get.exit(stopMs), 0, get.output());
    const verify = here.run("receipt", "verify", receipt, "--json");
    assert.equal(await verify.exit(stopMs), 0, verify.output());
    const [verified] = verify.said();
    assert.equal(verified?.["confirmedOnChain"], true);
    assert.match(JSON.stringify(verified?.["payment"]), /"transaction":"0x[0-9a-f]{64}"/);
    const none = here.run("receipt", "get", "0".repeat(29), "--json");
    assert.equal(await none.exit(stopMs), 1);
    assert.equal(error(none).code, "gateway-refused");
  });

  await t.test("a tampered receipt breaks at the link that was touched", async () => {
    const good = JSON.parse(readFileSync(receipt, "utf8")) as Receipt;
    const flipped = (hex: string): string => hex.slice(0, -1) + (hex.endsWith("0") ? "1" : "0");
    const cases: [string, (receipt: Receipt) => void, RegExp][] = [
      ["another leaf", (r) => (r.leaf = flipped(r.leaf)), /^(receipt-invalid|bad-message)$/],
      ["another consumption", (r) => (r.window.consumedUnits = "1"), /^(bad-signature|receipt-invalid)$/],
      ["a higher voucher", (r) => (r.voucher.amountUnits = "999999"), /^bad-signature$/],
      ["another channel", (r) => (r.key.salt = flipped(r.key.salt)), /^receipt-invalid$/],
      ["another chain", (r) => (r.domain.chainId += 1), /^bad-signature$/],
      ["a payment that reaches less far", (r) => (r.payment.claimedUnits = "0"), /^receipt-invalid$/],
      [
        "a payment that never was",
        (r) => (r.payment.transaction = flipped(r.payment.transaction)),
        /^receipt-invalid$/,
      ],
    ];
    for (const [name, tamper, expected] of cases) {
      const bad = structuredClone(good);
      tamper(bad);
      writeFileSync(receipt, JSON.stringify(bad));
      const verify = here.run("receipt", "verify", receipt, "--json");
      assert.equal(await verify.exit(stopMs), 1, name);
      assert.match(error(verify).code, expected, `${name}: ${verify.output()}`);
    }
    for (const text of ["", "null", "{}", JSON.stringify(good).slice(0, 500)]) {
      writeFileSync(receipt, text);
      const verify = here.run("receipt", "verify", receipt, "--json");
      assert.equal(await verify.exit(stopMs), 1);
      assert.equal(error(verify).code, "receipt-invalid");
    }
    writeFileSync(receipt, JSON.stringify(good));
  });

  await t.test("reset refuses while it runs", async () => {
    const reset = here.run("reset", "--yes", "--json");
    assert.equal(await reset.exit(stopMs), 1);
    assert.equal(error(reset).code, "already-running");
  });

  await t.test("down closes the channels and ends everything; what is gone is said to be gone", async () => {
    const down = here.run("down", "--close-channels", "--json");
    assert.equal(await down.exit(2 * stopMs), 0, down.output());
    assert.equal(await up.exit(stopMs), 0, up.output());
    assert.deepEqual(here.alive(), []);
    const again = here.run("down");
    assert.equal(await again.exit(stopMs), 0);
    for (const args of [["status"], ["chat", "Hello?"], ["receipt", "get", request]]) {
      assert.equal(await here.run(...args).exit(stopMs), 3, args.join(" "));
    }
  });

  await t.test("a receipt is good without any network", async () => {
    const verify = here.run("receipt", "verify", receipt, "--json");
    assert.equal(await verify.exit(stopMs), 0, verify.output());
    assert.equal(verify.said()[0]?.["confirmedOnChain"], false);
  });

  await t.test("reset asks where nobody said yes, and removes the home", async () => {
    const asked = here.run("reset", "--json");
    assert.equal(await asked.exit(stopMs), 1);
    assert.equal(error(asked).code, "bad-argument");
    assert.ok(existsSync(join(here.home, "home.json")));
    const reset = here.run("reset", "--yes");
    assert.equal(await reset.exit(stopMs), 0);
    assert.equal(existsSync(here.home), false);
  });
});

type Receipt = {
  domain: { chainId: number };
  key: { salt: string };
  leaf: string;
  window: { consumedUnits: string };
  voucher: { amountUnits: string };
  payment: { transaction: string; claimedUnits: string };
};

/** A model's trial is a process below a provider: it leaves when it notices that the provider has. */
const gone = (here: Place): Promise<void> =>
  until(() => here.alive().length === 0, noticeMs, "the processes are gone");
const noticeMs = 5_000;

test("what cannot start says why, and leaves nothing behind", { timeout: 2 * startMs }, async (t) => {
  const here = place(t);
  const server = createServer().listen(0, "127.0.0.1");
  t.after(() => server.close());
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const used = here.run("up", "--json", "--port", String(port), "--providers", "1");
  assert.equal(await used.exit(startMs), 1);
  assert.equal(error(used).code, "port-in-use");
  assert.match(error(used).details, new RegExp(`process ${process.pid} `));
  assert.match(error(used).remedy, /--port/);
  await gone(here);

  const text = join(here.home, "notes.gguf");
  const code = async (...args: string[]): Promise<string> => {
    const up = here.run("up", "--json", ...args);
    assert.equal(await up.exit(startMs), 1);
    return error(up).code;
  };
  assert.equal(await code("--model", "/no/such/file.gguf"), "model-invalid");
  writeFileSync(text, "once upon a time");
  assert.equal(await code("--model", text), "model-invalid");
  writeFileSync(text, "GGUF once upon a time");
  assert.equal(await code("--model", text, "--port", "0"), "model-invalid");
  writeFileSync(join(here.home, "home.json"), JSON.stringify({ schema: 99 }));
  assert.equal(await code(), "version-unsupported");
  writeFileSync(join(here.home, "home.json"), "{");
  assert.equal(await code(), "state-invalid");

  for (const args of [
    ["up", "--port", "70000"],
    ["up", "--providers", "0"],
    ["nonsense"],
    ["chat", "--temperature", "warm"],
  ]) {
    assert.equal(await here.run(...args).exit(stopMs), 2, args.join(" "));
  }
  for (const name of ["up", "down", "status", "chat", "reset", "receipt"]) {
    const help = here.run(name, "--help");
    assert.equal(await help.exit(stopMs), 0);
    assert.match(help.output(), /Usage: lichen /);
  }
  await gone(here);
});
