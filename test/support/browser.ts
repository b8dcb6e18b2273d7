/** A headless Chromium for tests of pages, spoken to over the pipe of its DevTools protocol. Needs nothing but the browser. */
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { pathToFileURL } from 'node:url';

const places = [
  process.env['CHROMIUM'] ?? '', '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome', '/usr/bin/google-chrome-stable',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

/** Where the browser is; null: there is none, and such tests are skipped. */
export const chromium: string | null = places.find((path) => path !== '' && existsSync(path)) ?? null;

interface Message {
  readonly id?: number;
  readonly sessionId?: string;
  readonly method?: string;
  readonly params?: Record<string, unknown>;
  readonly result?: Record<string, unknown>;
  readonly error?: { readonly message: string };
}

export interface Screen {
  readonly width?: number;
  readonly height?: number;
  readonly dark?: boolean;
}

/** One page, as a user has it before them. */
export class Browser {
  /** What went wrong in the page: exceptions, errors and warnings of its console, refusals of its policy. */
  readonly complaints: string[] = [];
  /** Addresses that the page asked for, itself excepted. */
  readonly requests: string[] = [];
  readonly #waiting = new Map<number, { resolve: (result: Record<string, unknown>) => void; reject: (error: Error) => void }>();
  #loaded: (() => void) | null = null;
  #received = '';
  #next = 0;
  #session: string | undefined;

  private constructor(private readonly process: ChildProcess, private readonly folder: string) {
    const input = process.stdio[4] as Readable;
    input.setEncoding('utf8');
    input.on('data', (text: string) => this.#receive(text));
    process.on('exit', () => {
      for (const { reject } of this.#waiting.values()) reject(new Error('the browser has ended'));
      this.#waiting.clear();
    });
  }

  static async launch(): Promise<Browser> {
    const folder = await mkdtemp(join(tmpdir(), 'tapewright-browser-'));
    const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--hide-scrollbars', '--no-first-run', '--disable-extensions', '--remote-debugging-pipe', `--user-data-dir=${folder}`, 'about:blank'];
    const browser = new Browser(spawn(chromium!, flags, { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] }), folder);
    const { targetInfos } = await browser.send('Target.getTargets') as { targetInfos: { targetId: string; type: string }[] };
    const { targetId } = targetInfos.find(({ type }) => type === 'page')!;
    browser.#session = (await browser.send('Target.attachToTarget', { targetId, flatten: true }))['sessionId'] as string;
    for (const domain of ['Page', 'Runtime', 'Network', 'Log']) await browser.send(`${domain}.enable`);
    return browser;
  }

  /** Opens a file of this machine in a window of so many pixels; what was noticed of the page before is forgotten. */
  async open(path: string, { width = 1280, height = 900, dark = false }: Screen = {}): Promise<void> {
    await this.send('Emulation.setDeviceMetricsOverride', { width, height, deviceScaleFactor: 1, mobile: width < 600 });
    await this.send('Emulation.setEmulatedMedia', { media: '', features: [{ name: 'prefers-color-scheme', value: dark ? 'dark' : 'light' }] });
    await this.send('Log.clear');
    this.complaints.length = 0;
    this.requests.length = 0;
    const loaded = new Promise<void>((resolve) => { this.#loaded = resolve; });
    await this.send('Page.navigate', { url: pathToFileURL(path).href });
    await loaded;
  }

  send(method: string, params: Record<string, unknown> = {}): Promise<Record<string, unknown>> {
    this.#next += 1;
    const id = this.#next;
    const text = JSON.stringify({ id, method, params, ...(this.#session === undefined ? {} : { sessionId: this.#session }) });
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      (this.process.stdio[3] as Writable).write(`${text}\0`);
    });
  }

  /** The value of an expression in the page, as JSON holds it; a promise is awaited. */
  async evaluate<T>(expression: string): Promise<T> {
    const { result, exceptionDetails } = await this.send('Runtime.evaluate', { expression, returnByValue: true, awaitPromise: true, userGesture: true }) as {
      result: { value: T }; exceptionDetails?: { text: string; exception?: { description?: string } };
    };
    if (exceptionDetails !== undefined) throw new Error(`${expression}: ${exceptionDetails.exception?.description ?? exceptionDetails.text}`);
    return result.value;
  }

  /** Asks until the page says yes, frame by frame. Fails by name after ten seconds. */
  async until(condition: string): Promise<void> {
    const met = await this.evaluate<boolean>(`new Promise((resolve) => {
      const end = performance.now() + 10_000;
      const ask = () => { if (${condition}) resolve(true); else if (performance.now() > end) resolve(false); else setTimeout(ask, 20); };
      ask();
    })`);
    if (!met) throw new Error(`this never came true: ${condition}`);
  }

  /** Clicks the middle of the first element that the selector finds, as a mouse does. */
  async click(selector: string): Promise<void> {
    const { x, y } = await this.evaluate<{ x: number; y: number }>(`(() => {
      const found = document.querySelector(${JSON.stringify(selector)});
      if (found === null) throw new Error('no ' + ${JSON.stringify(selector)});
      found.scrollIntoView({ block: 'center', behavior: 'instant' });
      const { left, top, width, height } = found.getBoundingClientRect();
      return { x: left + width / 2, y: top + height / 2 };
    })()`);
    await this.clickAt(x, y);
  }

  async clickAt(x: number, y: number): Promise<void> {
    await this.send('Input.dispatchMouseEvent', { type: 'mouseMoved', x, y });
    for (const type of ['mousePressed', 'mouseReleased']) await this.send('Input.dispatchMouseEvent', { type, x, y, button: 'left', clickCount: 1 });
  }

  /** A key by its name: `ArrowDown`, `Enter`, `Tab`. */
  async press(key: string): Promise<void> {
    const code = ({ Enter: 13, Tab: 9, Escape: 27, ArrowUp: 38, ArrowDown: 40, ArrowLeft: 37, ArrowRight: 39 } as Record<string, number>)[key] ?? 0;
    const text = key === 'Enter' ? '\r' : undefined;
    await this.send('Input.dispatchKeyEvent', { type: 'keyDown', key, code: key, windowsVirtualKeyCode: code, text });
    await this.send('Input.dispatchKeyEvent', { type: 'keyUp', key, code: key, windowsVirtualKeyCode: code });
  }

  async type(text: string): Promise<void> {
    await this.send('Input.insertText', { text });
  }

  /** The window as PNG. */
  async screenshot(): Promise<Buffer> {
    return Buffer.from((await this.send('Page.captureScreenshot', { format: 'png' }))['data'] as string, 'base64');
  }

  async close(): Promise<void> {
    const ended = new Promise<void>((resolve) => { this.process.once('exit', () => resolve()); });
    this.send('Browser.close').catch(() => undefined);
    const killer = setTimeout(() => this.process.kill('SIGKILL'), 3_000);
    await ended;
    clearTimeout(killer);
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }

  #receive(text: string): void {
    const parts = (this.#received + text).split('\0');
    this.#received = parts.pop()!;
    for (const part of parts) this.#take(JSON.parse(part) as Message);
  }

  #take({ id, method, params = {}, result, error }: Message): void {
    if (id !== undefined) {
      const waiting = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (error !== undefined) waiting?.reject(new Error(error.message));
      else waiting?.resolve(result ?? {});
    } else if (method === 'Page.loadEventFired') this.#loaded?.();
    else if (method === 'Runtime.exceptionThrown') this.complaints.push(JSON.stringify(params['exceptionDetails']));
    else if (method === 'Runtime.consoleAPICalled' && ['error', 'warning', 'assert'].includes(params['type'] as string)) this.complaints.push(JSON.stringify(params['args']));
    else if (method === 'Log.entryAdded') this.complaints.push(JSON.stringify(params['entry']));
    else if (method === 'Network.requestWillBeSent') {
      const { url } = params['request'] as { url: string };
      if (!url.startsWith('file:') && !url.startsWith('data:')) this.requests.push(url);
    }
  }
}
