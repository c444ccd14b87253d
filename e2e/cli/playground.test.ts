import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test, { type TestContext } from "node:test";
import chromium from "@sparticuz/chromium";
import { chromium as playwright, type Browser, type Page } from "playwright-core";
import { receiptSchema, verifyReceipt } from "@lichen/wire";
import { place, startMs } from "./cli.ts";

const args = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
const pageMs = 60_000;

async function browse(t: TestContext): Promise<Browser> {
  const browser = await playwright.launch({
    executablePath: await chromium.executablePath(),
    args,
    timeout: pageMs,
  });
  t.after(() => browser.close());
  return browser;
}

async function ask(page: Page, text: string): Promise<void> {
  await page.getByLabel("Your message").fill(text);
  await page.keyboard.press("Enter");
}

test(
  "the playground answers, shows who and how much, follows the payment and gives the receipt",
  { timeout: 3 * startMs },
  async (t) => {
    const here = place(t);
    const up = here.run("up", "--json", "--port", "0", "--providers", "1", "--no-ask");
    const ready = await up.event("ready", startMs);
    const url = String(ready["url"]);
    const browser = await browse(t);
    const context = await browser.newContext({
      acceptDownloads: true,
      viewport: { width: 1200, height: 800 },
    });
    context.setDefaultTimeout(pageMs);
    const page = await context.newPage();
    const complaints: string[] = [];
    const requests: string[] = [];
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
    page.on("request", (request) => requests.push(request.url()));

    await t.test("a key in the fragment is taken and vanishes from the address", async () => {
      await page.goto(String(ready["playground"]));
      await page.getByLabel("Your message").waitFor();
      assert.equal(new URL(page.url()).hash, "");
      assert.ok((await page.getByLabel("Model").inputValue()).length > 0);
    });

    await t.test("an answer streams in, with its facts and its payment", async () => {
      await page.getByLabel("Longest answer").fill("24");
      await ask(page, "What is a <b>lichen</b>?");
      const answer = page.locator(".answer").last();
      await answer.locator("[data-stage=paid][data-done]").waitFor();
      assert.equal(await page.locator(".user .text").textContent(), "What is a <b>lichen</b>?");
      assert.equal(await page.locator(".turn b").count(), 0);
      assert.ok((await answer.locator(".text").textContent())?.length);
      const fact = (name: string): Promise<string> => answer.locator(`[data-fact=${name}]`).innerText();
      assert.match(await fact("provider"), /^0x[0-9a-f]{6}…[0-9a-f]{6}$/);
      assert.match(await fact("model"), /0x[0-9a-f]{6}…/);
      assert.match(await fact("tokens"), /^\d+ \+ \d+$/);
      assert.match(await fact("cost"), /^0\.\d+ \w+$/);
      assert.match(await fact("payment"), /transaction 0x.* in block \d+/);
      const [download] = await Promise.all([
        page.waitForEvent("download"),
        answer.getByText("Download receipt").click(),
      ]);
      const receipt = receiptSchema.parse(JSON.parse(readFileSync(await download.path(), "utf8")));
      assert.equal(verifyReceipt(receipt).completionTokens, Number((await fact("tokens")).split(" + ")[1]));
      await shot(page, "answer");
    });

    await t.test("markup in an answer stays text", async () => {
      const evil = '<img src=x onerror="document.title=1">';
      const note = {
        request: "x",
        provider: evil,
        model: { id: evil, name: evil },
        cost: { amount: evil, symbol: evil },
        receipt: "/v1/receipts/x",
      };
      const chunk = {
        choices: [{ delta: { content: evil } }],
        usage: { prompt_tokens: 1, completion_tokens: 1 },
        lichen: note,
      };
      await page.route("**/v1/chat/completions", (route) =>
        route.fulfill({
          contentType: "text/event-stream",
          body: `data: ${JSON.stringify(chunk)}\n\ndata: [DONE]\n\n`,
        }),
      );
      await page.route("**/v1/receipts/x", (route) =>
        route.fulfill({
          json: { id: evil, status: "paid", receipt: { payment: { transaction: evil, blockNumber: 1 } } },
        }),
      );
      await ask(page, "Be evil");
      const answer = page.locator(".answer").last();
      await answer.locator("[data-stage=paid][data-done]").waitFor();
      assert.equal(await answer.locator(".text").textContent(), evil);
      assert.equal(await page.locator(".answer img").count(), 0);
      assert.equal(await page.title(), "Lichen playground");
      await page.unrouteAll();
    });

    await t.test("an answer can be stopped, and what was made is paid for", async () => {
      await page.getByRole("button", { name: "New conversation" }).click();
      await page.getByLabel("Longest answer").fill("400");
      await ask(page, "Tell me a long story");
      const answer = page.locator(".answer").last();
      await answer.locator(".text").filter({ hasText: /\S/ }).waitFor();
      await page.getByRole("button", { name: "Stop" }).click();
      await page.getByRole("button", { name: "Send" }).waitFor();
      await answer.locator("[data-stage=paid][data-done]").waitFor();
      assert.match(await answer.locator("[data-fact=cost]").innerText(), /^0\.\d+ /);
    });

    await t.test("errors are said plainly, and a narrow dark screen shows everything", async () => {
      await page.emulateMedia({ colorScheme: "dark" });
      await page.setViewportSize({ width: 380, height: 760 });
      await page.route("**/v1/chat/completions", (route) =>
        route.fulfill({ status: 429, json: { error: { message: "Too many requests wait." } } }),
      );
      await ask(page, "One more");
      await page.locator(".failed", { hasText: "Too many requests wait." }).waitFor();
      assert.ok(await page.evaluate("document.documentElement.scrollWidth <= innerWidth"));
      await page.unrouteAll();
      await shot(page, "dark");
    });

    await t.test("a wrong key is refused and asked for again", async () => {
      const other = await browser.newContext();
      const stranger = await other.newPage();
      await stranger.goto(`${url}/#key=sk-lichen-wrong`);
      await stranger.getByText("Incorrect API key").waitFor({ timeout: pageMs });
      await stranger.getByLabel("API key").fill(String(ready["apiKey"]));
      await stranger.getByRole("button", { name: "Use it" }).click();
      await stranger.getByLabel("Your message").waitFor({ timeout: pageMs });
      await other.close();
    });

    const foreign = requests.filter((each) => !each.startsWith(url) && !each.startsWith("blob:"));
    assert.deepEqual(foreign, []);
    assert.deepEqual(
      requests.filter((each) => each.includes(String(ready["apiKey"])) && !each.includes("#")),
      [],
    );
    assert.deepEqual(
      complaints.filter((each) => !/status of (404|429)/.test(each)),
      [],
    );
  },
);

/** A picture for whoever works on the page: `LICHEN_SHOTS=DIR`. */
async function shot(page: Page, name: string): Promise<void> {
  const dir = process.env["LICHEN_SHOTS"];
  if (dir !== undefined) await page.screenshot({ path: `${dir}/${name}.png` });
}
