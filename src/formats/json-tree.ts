/** Where the values of a JSON text stand in its bytes: to learn the form of texts of which many are alike. */

export type JsonNode = JsonObjectNode | { readonly kind: 'array' | 'text' | 'number' | 'word'; readonly start: number; readonly end: number };

export interface JsonObjectNode {
  readonly kind: 'object';
  readonly start: number;
  readonly end: number;
  /** By name, which has no escapes. No name comes twice. */
  readonly members: ReadonlyMap<string, JsonNode>;
}

const quote = 34, backslash = 92, space = 32;

/**
 * The value at bytes[start..end). `escaped`: it stands within a text of another JSON text, so that quotes are two bytes and
 * what is escaped in it is escaped twice. Null: it is not of that form; what is right is not looked at closely.
 */
export function jsonTree(bytes: Uint8Array, start: number, end: number, escaped: boolean): JsonNode | null {
  const walker = new Walker(bytes, start, end, escaped);
  const node = walker.value(0);
  return node !== null && walker.isAtEnd() ? node : null;
}

/** The first byte behind the text that begins at `at`, behind its quote: of its closing quote. -1: it does not end, or its escapes are not of the usual kinds. */
export function textEnd(bytes: Uint8Array, start: number, last: number, escaped: boolean): number {
  for (let at = start; at < last; at += 1) {
    const byte = bytes[at]!;
    if (byte === backslash) {
      if (!escaped) at += 1;
      else if (bytes[at + 1] === quote) return at;
      // `\\n`, `\\\"`, `\\\\` within, or `\u00e9` of the text around.
      else if (bytes[at + 1] === backslash) at += bytes[at + 2] === backslash ? 3 : 2;
      else if (bytes[at + 1] === 117 && !isAscii(bytes, at + 2)) at += 5;
      else return -1;
    } else if (byte === quote) return escaped ? -1 : at;
    else if (byte < space) return -1;
  }
  return -1;
}

/** Whether the four digits say a character that JSON itself may be made of. */
const isAscii = (bytes: Uint8Array, at: number): boolean => bytes[at] === 48 && bytes[at + 1] === 48 && bytes[at + 2]! < 56;

class Walker {
  #at: number;
  readonly #width: number;

  constructor(private readonly bytes: Uint8Array, start: number, private readonly end: number, private readonly escaped: boolean) {
    this.#at = start;
    this.#width = escaped ? 2 : 1;
  }

  isAtEnd(): boolean {
    this.#blank();
    return this.#at === this.end;
  }

  value(depth: number): JsonNode | null {
    this.#blank();
    const start = this.#at;
    const first = this.bytes[start];
    if (depth > 32 || start >= this.end) return null;
    if (first === 123) return this.#object(depth);
    if (first === 91) return this.#array(depth);
    if (this.#isQuote()) {
      this.#at = textEnd(this.bytes, start + this.#width, this.end, this.escaped) + this.#width;
      return this.#at < start + this.#width ? null : { kind: 'text', start, end: this.#at };
    }
    while (this.#at < this.end && /[-+.\w]/.test(String.fromCharCode(this.bytes[this.#at]!))) this.#at += 1;
    if (this.#at === start) return null;
    return { kind: first === 45 || (first! >= 48 && first! <= 57) ? 'number' : 'word', start, end: this.#at };
  }

  #object(depth: number): JsonNode | null {
    const start = this.#at;
    const members = new Map<string, JsonNode>();
    if (!this.#list(125, () => {
      if (!this.#isQuote()) return false;
      const from = this.#at + this.#width;
      const to = textEnd(this.bytes, from, this.end, this.escaped);
      const name = to < 0 ? '' : Buffer.from(this.bytes.subarray(from, to)).toString('utf8');
      if (to < 0 || name.includes('\\') || members.has(name)) return false;
      this.#at = to + this.#width;
      if (!this.#take(58)) return false;
      const value = this.value(depth + 1);
      if (value !== null) members.set(name, value);
      return value !== null;
    })) return null;
    return { kind: 'object', start, end: this.#at, members };
  }

  #array(depth: number): JsonNode | null {
    const start = this.#at;
    return this.#list(93, () => this.value(depth + 1) !== null) ? { kind: 'array', start, end: this.#at } : null;
  }

  /** What `each` takes, with commas between, up to `close`. */
  #list(close: number, each: () => boolean): boolean {
    this.#at += 1;
    if (this.#take(close)) return true;
    do {
      this.#blank();
      if (!each()) return false;
    } while (this.#take(44));
    return this.#take(close);
  }

  #isQuote(): boolean {
    return this.escaped ? this.bytes[this.#at] === backslash && this.bytes[this.#at + 1] === quote : this.bytes[this.#at] === quote;
  }

  #take(byte: number): boolean {
    this.#blank();
    if (this.#at >= this.end || this.bytes[this.#at] !== byte) return false;
    this.#at += 1;
    return true;
  }

  #blank(): void {
    while (this.#at < this.end && (this.bytes[this.#at] === space || this.bytes[this.#at] === 9)) this.#at += 1;
  }
}
