/** Texts with escapes, and those that stand within a text of another JSON text: un-escaped once or twice, in one pass. */

const backslash = 92;

/** What the byte after a backslash stands for; 0: nothing by itself. */
const plain = new Uint8Array(128);
for (const [letter, meaning] of [['"', '"'], ['\\', '\\'], ['/', '/'], ['b', '\b'], ['f', '\f'], ['n', '\n'], ['r', '\r'], ['t', '\t']] as const) plain[letter.charCodeAt(0)] = meaning.charCodeAt(0);

/** The UTF-8 of the text at bytes[start..end), which ends where `textEnd` says. Null: its escapes are not of the usual kinds. */
export function unescaped(bytes: Uint8Array, start: number, end: number, escaped: boolean): Buffer | null {
  const into = Buffer.allocUnsafe(end - start);
  let size = 0;
  for (let at = start; at < end; at += 1) {
    const byte = bytes[at]!;
    if (byte !== backslash) {
      into[size++] = byte;
      continue;
    }
    // `\u00e9` of the text around it is no escape of this one.
    const isOuter = escaped && bytes[at + 1] !== backslash;
    if (escaped && !isOuter) at += 1;
    let letter = bytes[++at]!;
    if (letter === 117) {
      const unit = Number(`0x${String.fromCharCode(...bytes.subarray(at + 1, at + 5))}`);
      // Pairs are rare enough; what JSON itself is made of has to be read as that.
      if (!(unit >= (isOuter ? 0x80 : 0)) || (unit >= 0xd800 && unit < 0xe000)) return null;
      size = encode(unit, into, size);
      at += 4;
      continue;
    }
    if (isOuter) return null;
    // `\\\"` and `\\\\`: what is escaped is escaped itself.
    if (escaped && letter === backslash) letter = bytes[++at]!;
    else if (escaped && letter === 34) return null;
    const meaning = letter < 128 ? plain[letter]! : 0;
    if (meaning === 0) return null;
    into[size++] = meaning;
  }
  return into.subarray(0, size);
}

/** Writes what is no surrogate. */
function encode(unit: number, into: Uint8Array, at: number): number {
  if (unit < 0x80) {
    into[at] = unit;
    return at + 1;
  }
  if (unit < 0x800) {
    into[at] = 0xc0 | (unit >> 6);
    into[at + 1] = 0x80 | (unit & 63);
    return at + 2;
  }
  into[at] = 0xe0 | (unit >> 12);
  into[at + 1] = 0x80 | ((unit >> 6) & 63);
  into[at + 2] = 0x80 | (unit & 63);
  return at + 3;
}
