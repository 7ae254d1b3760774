// The page of `npm start` in a real browser. Debian's Chromium where it is installed; skipped, with the reason, elsewhere.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { existsSync } from 'node:fs';
import { spawn, type ChildProcess } from 'node:child_process';
import { chromium, type Browser } from 'playwright-core';

const CHROMIUM = '/usr/bin/chromium';
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
const isThere = existsSync(CHROMIUM);
if (!isThere)
  console.log(`Skipped: the page in a browser, because there is no ${CHROMIUM} (apt-get install chromium).`);

const suite = isThere ? describe : describe.skip;

suite('the page at home', () => {
  let fleet: ChildProcess | undefined;
  let url = '';
  let browser: Browser | undefined;

  beforeAll(async () => {
    if (!isThere) return;
    fleet = spawn(
      process.execPath,
      ['--import', 'tsx', 'bin/muster.ts', 'start', '--port', '0', '--speed', '120'],
      { env: { ...process.env, NODE_OPTIONS: '' } },
    );
    url = await new Promise<string>((resolve, reject) => {
      let text = '';
      fleet?.stdout?.on('data', (chunk: Buffer) => {
        text += chunk.toString();
        const found = /Look at (http:\S+)/.exec(text)?.[1];
        if (found !== undefined) resolve(found);
      });
      fleet?.on('exit', () => reject(new Error(`It ended before it said where: ${text}`)));
    });
    browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
  });

  afterAll(async () => {
    await browser?.close();
    if (fleet === undefined) return;
    const ended = new Promise((resolve) => fleet?.on('exit', resolve));
    fleet.kill('SIGKILL');
    await ended;
  });

  test('shows the fleet growing until tasks run, and throws nothing', async () => {
    const page = await browser?.newPage();
    if (page === undefined) throw new Error('no browser');
    const errors: string[] = [];
    page.on('pageerror', (error) => errors.push(String(error)));
    await page.goto(url);
    await page.waitForFunction('Number(document.getElementById("running").textContent) > 50', undefined, {
      timeout: 25_000,
    });
    expect(await page.textContent('#pools')).toContain('web');
    expect(await page.textContent('#lines')).toContain('Buy');
    expect(errors).toEqual([]);
  });

  test('shows what leaves, what that waits for, how it ended and what is held back, as text', async () => {
    const page = await browser?.newPage();
    if (page === undefined) throw new Error('no browser');
    const [since, deadline] = [Date.UTC(2026, 10, 24, 8), Date.UTC(2026, 10, 24, 9)];
    const machine = { agent: 'S1', machine: 'i-1', pool: 'web', cause: 'asked', since };
    const left = [{ runSpec: '/shop', count: 2, why: '<b>its copies</b> are starting' }];
    const status = {
      drains: [{ ...machine, by: 'ada', reason: 'a new kernel', deadline, stage: 'moving', left }],
      drained: [{ ...machine, end: 'failed', at: deadline, why: 'in time it could not move 1 of /db' }],
      surges: [{ runSpec: '/shop', base: 6, written: [8], deployments: [], killed: [], since }],
      brakes: [{ step: 'drain', code: 'volume', subject: '/db', count: 1, why: 'it has a volume' }],
    };
    await page.route('**/api/status', (route) => route.fulfill({ json: [status] }));
    await page.goto(url);
    await page.waitForFunction('document.querySelectorAll("#brakes tr").length > 0');
    const cells = (id: string) => page.locator(`#${id} td`).allTextContents();
    expect(await cells('drains')).toEqual([
      'i-1',
      'web',
      'asked',
      'ada: a new kernel',
      '08:00:00',
      '09:00:00',
      '2 of /shop (<b>its copies</b> are starting)',
    ]);
    expect(await cells('surges')).toEqual(['/shop', '6', '8', '08:00:00']);
    expect((await cells('drained')).slice(3)).toEqual([
      'failed',
      '08:00:00',
      '09:00:00',
      'in time it could not move 1 of /db',
    ]);
    expect(await cells('brakes')).toEqual(['/db', '1', 'volume', 'it has a volume', '']);
    expect(await page.isVisible('#ended')).toBe(true);
  });

  test('ends cleanly when a person stops it', async () => {
    const ended = new Promise((resolve) => fleet?.on('exit', resolve));
    fleet?.kill('SIGINT');
    expect(await ended).toBe(0);
    fleet = undefined;
  });
});
