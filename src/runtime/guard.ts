/**
 * Keeps the user's code to what a replay can repeat: while a function of theirs runs, the clock, chance, timers, the
 * network and what depends on the machine throw, naming the function and what to use instead. It cannot stop everything:
 * see docs/typescript.md.
 */
import { TapewrightError } from '../core/errors.js';
import { userCode } from '../functions/user-code.js';

type Callable = (...args: unknown[]) => unknown;

const clock = 'the clock, which a replay cannot repeat: take the time of the row as an argument (event_time or CURRENT_TIMESTAMP), or context.time of an operator';
const chance = 'chance, which a replay cannot repeat: take a number that the row decides, as seededNumber(seed, symbol, event_time) from tapewright gives';
const waiting = 'a timer of the machine, and a function gives its result at once: an operator has context.setTimer(time), in event time';
const outside = 'the world outside, and a replay has its data only: bind what it needs as a table, and join it';
const machine = 'what differs between machines: work with UTC, code units and plain numbers';

/** Where they stand, their names, and what they ask for. */
const forbidden: readonly (readonly [owner: object, prefix: string, names: readonly string[], asks: string])[] = [
  [Date, 'Date.', ['now'], clock],
  [Date.prototype, 'Date.', [
    'getTimezoneOffset', 'getFullYear', 'getMonth', 'getDate', 'getDay', 'getHours', 'getMinutes', 'getSeconds', 'getMilliseconds',
    'setFullYear', 'setMonth', 'setDate', 'setHours', 'setMinutes', 'setSeconds', 'setMilliseconds',
    'toString', 'toDateString', 'toTimeString', 'toLocaleString', 'toLocaleDateString', 'toLocaleTimeString',
  ], `the time zone of the machine, ${machine.slice(5)} (getUTCHours, toISOString)`],
  [Math, 'Math.', ['random'], chance],
  [globalThis, '', ['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask'], waiting],
  [globalThis, '', ['fetch', 'WebSocket', 'EventSource', 'XMLHttpRequest'], outside],
  [String.prototype, 'String.', ['localeCompare', 'toLocaleLowerCase', 'toLocaleUpperCase'], machine],
  [Number.prototype, 'Number.', ['toLocaleString'], machine],
  [Array.prototype, 'Array.', ['toLocaleString'], machine],
  [Intl, 'Intl.', ['DateTimeFormat', 'NumberFormat', 'Collator', 'RelativeTimeFormat', 'PluralRules', 'ListFormat', 'Segmenter'], machine],
  [performance, 'performance.', ['now', 'mark', 'measure'], clock],
  [process.hrtime, 'process.hrtime.', ['bigint'], clock],
  [process, 'process.', ['hrtime', 'uptime'], clock],
  [process, 'process.', ['cpuUsage', 'memoryUsage', 'cwd', 'resourceUsage'], machine],
  [process, 'process.', ['nextTick'], waiting],
  [process, 'process.', ['getBuiltinModule', 'binding', 'exit', 'kill', 'abort', 'chdir'], outside],
];

/** Modules whose top level runs now, by a part of their address. */
const loading = new Set<string>();

/** What runs as the user's code now: a function, or a module that is being loaded; null: the program itself. */
function running(): string | null {
  if (userCode.running !== null) return `the function ${userCode.running}`;
  if (loading.size === 0) return null;
  // Loading is asynchronous: only who is on the stack tells who asks.
  const stack = new Error().stack ?? '';
  const module = [...loading].find((address) => stack.includes(address));
  return module === undefined ? null : `the module ${module.slice(module.lastIndexOf('/') + 1)}`;
}

/** Throws when the user's code asks. @throws FUNCTION_FORBIDDEN. */
function refuse(what: string, asks: string): void {
  const who = running();
  if (who === null) return;
  throw new TapewrightError('FUNCTION_FORBIDDEN', `${who} calls ${what}, and so asks ${asks}`, { function: userCode.running, what });
}

function guarded(original: Callable, what: string, asks: string): Callable {
  return new Proxy(original, {
    apply(target, self, args) {
      refuse(what, asks);
      return Reflect.apply(target, self, args) as unknown;
    },
    construct(target, args, made) {
      refuse(`new ${what}`, asks);
      return Reflect.construct(target, args, made) as object;
    },
  });
}

/** A text that is the same instant everywhere: with a zone, or a date alone. */
const isFixed = (text: unknown): boolean => typeof text !== 'string' || /^\d{4}-\d\d(-\d\d)?$|(Z|[+-]\d\d:?\d\d)$/.test(text.trim());

/** `new Date(ms)` is arithmetic; without arguments it is the clock, with several or a local text the machine's time zone. */
function guardedDate(original: DateConstructor): DateConstructor {
  return new Proxy(original, {
    apply(target, self, args) {
      refuse('Date()', clock);
      return Reflect.apply(target, self, args) as string;
    },
    construct(target, args: unknown[], made) {
      if (args.length === 0) refuse('new Date()', clock);
      else if (args.length > 1 || !isFixed(args[0])) refuse('new Date(…) of a local time', `the time zone of the machine: ${machine.slice(machine.indexOf(':') + 2)} (Date.UTC)`);
      return Reflect.construct(target, args, made) as object;
    },
    get(target, name) {
      if (name !== 'parse') return Reflect.get(target, name) as unknown;
      return (text: string): number => {
        if (!isFixed(text)) refuse('Date.parse of a local time', machine);
        return target.parse(text);
      };
    },
  });
}

/** The object, or the prototype of it, that has the member itself. */
function holderOf(owner: object, name: string): object | null {
  for (let at: object | null = owner; at !== null; at = Object.getPrototypeOf(at) as object | null) if (Object.hasOwn(at, name)) return at;
  return null;
}

let isInstalled = false;

/** Puts the guard up, once in a process and before a module of the user's is loaded: what they keep of these is guarded, too. */
export function installGuard(): void {
  if (isInstalled) return;
  isInstalled = true;
  for (const [owner, prefix, names, asks] of forbidden) {
    for (const name of names) {
      const holder = holderOf(owner, name);
      const found = holder === null ? undefined : Object.getOwnPropertyDescriptor(holder, name);
      const original = owner[name as keyof typeof owner] as unknown;
      // What this version of Node does not have needs no guard.
      if (holder === null || found === undefined || typeof original !== 'function' || found.configurable === false) continue;
      Object.defineProperty(holder, name, { value: guarded(original as Callable, `${prefix}${name}`, asks), writable: true, configurable: true, enumerable: found.enumerable ?? false });
    }
  }
  const { crypto } = globalThis;
  for (const name of ['getRandomValues', 'randomUUID'] as const) {
    const original = (crypto[name] as Callable).bind(crypto);
    Object.defineProperty(crypto, name, { value: guarded(original, `crypto.${name}`, chance), writable: true, configurable: true });
  }
  globalThis.Date = guardedDate(Date);
}

/** Runs `load` with the top level of the module at `address` guarded. */
export async function guardedLoad<Result>(address: string, load: () => Promise<Result>): Promise<Result> {
  installGuard();
  loading.add(address);
  try {
    return await load();
  } finally {
    loading.delete(address);
  }
}
