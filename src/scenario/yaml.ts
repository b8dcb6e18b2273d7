/** A YAML file read member by member, so that every complaint names file, line and key. */
import { isMap, isScalar, isSeq, LineCounter, parseDocument, type Node, type Pair, type YAMLMap } from 'yaml';
import { TapewrightError, type ErrorCode } from '../core/errors.js';
import { nearest } from '../core/nearest.js';

interface Origin {
  readonly path: string;
  readonly code: ErrorCode;
  readonly lines: LineCounter;
}

/** One mapping of a file. Every getter gives null for a key that is not there. */
export class YamlMap {
  readonly #pairs = new Map<string, Pair<Node, Node | null>>();

  constructor(private readonly origin: Origin, private readonly node: YAMLMap<Node, Node | null>, private readonly where: string) {
    for (const pair of node.items) this.#pairs.set(isScalar(pair.key) ? String(pair.key.value) : '', pair);
  }

  get names(): string[] {
    return [...this.#pairs.keys()];
  }

  /** @throws when a key is none of `known`, naming the nearest one. */
  allow(known: readonly string[]): this {
    for (const [name, pair] of this.#pairs) {
      if (known.includes(name)) continue;
      const meant = nearest(name, known);
      throw this.fault(`unknown key '${this.where}${name}'`, pair.key, meant === null ? `known keys are ${known.join(', ')}` : `did you mean '${meant}'?`);
    }
    return this;
  }

  /** The error that says what is wrong at `name` (or at the mapping itself). */
  wrong(name: string | null, must: string): TapewrightError {
    if (name === null) return this.fault(must, this.node);
    const pair = this.#pairs.get(name);
    return this.fault(`'${this.where}${name}' must be ${must}`, pair?.value ?? pair?.key ?? this.node);
  }

  /** Where `name` (or the mapping itself) stands, for errors that are found later: `scenario.yaml, line 3`. */
  place(name: string | null): string {
    const node = name === null ? this.node : (this.#pairs.get(name)?.key ?? this.node);
    return `${this.origin.path}, line ${this.origin.lines.linePos(node.range?.[0] ?? 0).line}`;
  }

  text(name: string): string | null {
    const value = this.#scalar(name);
    // Numbers and dates too are texts where one is asked for: `from: 2026-03-02`.
    if (value === null) return null;
    if (value instanceof Date) return value.toISOString();
    return String(value);
  }

  count(name: string): number | null {
    const value = this.#scalar(name);
    if (value !== null && (!Number.isSafeInteger(value) || (value as number) < 0)) throw this.wrong(name, 'a whole number, 0 or more');
    return value as number | null;
  }

  /** A list of texts; one text stands for a list of one. */
  texts(name: string): string[] | null {
    const node = this.#pairs.get(name)?.value ?? null;
    if (node === null) return null;
    if (isScalar(node)) return [this.text(name)!];
    if (!isSeq(node) || !node.items.every((item) => isScalar(item) && item.value !== null)) throw this.wrong(name, 'a list of texts');
    return node.items.map((item) => String((item as { value: unknown }).value));
  }

  map(name: string): YamlMap | null {
    const node = this.#pairs.get(name)?.value ?? null;
    if (node === null || (isScalar(node) && node.value === null)) return null;
    if (!isMap(node)) throw this.wrong(name, 'a mapping of keys to values');
    return new YamlMap(this.origin, node as YAMLMap<Node, Node | null>, `${this.where}${name}.`);
  }

  /** A mapping of names to texts. */
  textMap(name: string): Record<string, string> | null {
    const map = this.map(name);
    if (map === null) return null;
    return Object.fromEntries(map.names.map((key) => {
      const text = map.text(key);
      if (text === null) throw map.wrong(key, 'a text');
      return [key, text];
    }));
  }

  #scalar(name: string): unknown {
    const node = this.#pairs.get(name)?.value ?? null;
    if (node === null) return null;
    if (!isScalar(node)) throw this.wrong(name, 'one value');
    return node.value;
  }

  private fault(message: string, node: Node | null, advice?: string): TapewrightError {
    const { path, code, lines } = this.origin;
    const { line, col } = lines.linePos(node?.range?.[0] ?? 0);
    return new TapewrightError(code, `${path}, line ${line}: ${message}${advice === undefined ? '' : `; ${advice}`}`, { path, line, column: col });
  }
}

/** Reads the text of the YAML file `path`, which must be a mapping. @throws `code` with file and line. */
export function parseYaml(text: string, path: string, code: ErrorCode): YamlMap {
  const lines = new LineCounter();
  // Aliases are not needed here, and can grow a small file into a huge one.
  const document = parseDocument(text, { lineCounter: lines, version: '1.2', uniqueKeys: true });
  const error = document.errors[0];
  if (error !== undefined) {
    const { line, col } = lines.linePos(error.pos[0]);
    throw new TapewrightError(code, `${path}, line ${line}: ${error.message.split('\n')[0]!.replace(/ at line \d+, column \d+:?$/, '')}`, { path, line, column: col });
  }
  if (!isMap(document.contents)) throw new TapewrightError(code, `${path}, line 1: the file must be a mapping of keys to values`, { path, line: 1 });
  return new YamlMap({ path, code, lines }, document.contents as YAMLMap<Node, Node | null>, '');
}
