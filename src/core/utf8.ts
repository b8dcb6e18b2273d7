/** UTF-8, since the pure layers have no TextEncoder. A lone surrogate, or a byte that fits nowhere, becomes U+FFFD. */

/** Bytes that `text` takes. */
export function utf8Length(text: string): number {
  let length = text.length;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) continue;
    if (unit < 0x800) length += 1;
    else {
      length += 2;
      // A pair is two units and four bytes: the second unit brings no more.
      if (isPair(text, i, unit)) i++;
    }
  }
  return length;
}

/** Writes `text` at `at` and returns where it ends. `into` has room. */
export function encodeUtf8(text: string, into: Uint8Array, at: number): number {
  let end = at;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) into[end++] = unit;
    else if (unit < 0x800) {
      into[end++] = 0xc0 | (unit >> 6);
      into[end++] = 0x80 | (unit & 63);
    } else if (isPair(text, i, unit)) {
      const point = 0x10000 + ((unit - 0xd800) << 10) + (text.charCodeAt(++i) - 0xdc00);
      into[end++] = 0xf0 | (point >> 18);
      into[end++] = 0x80 | ((point >> 12) & 63);
      into[end++] = 0x80 | ((point >> 6) & 63);
      into[end++] = 0x80 | (point & 63);
    } else {
      const point = unit >= 0xd800 && unit < 0xe000 ? 0xfffd : unit;
      into[end++] = 0xe0 | (point >> 12);
      into[end++] = 0x80 | ((point >> 6) & 63);
      into[end++] = 0x80 | (point & 63);
    }
  }
  return end;
}

/** The UTF-8 bytes of `text` as BYTES holds them: one code unit a byte. */
export function utf8Units(text: string): string {
  const length = utf8Length(text);
  if (length === text.length) return text;
  const bytes = new Uint8Array(length);
  encodeUtf8(text, bytes, 0);
  return Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
}

function isPair(text: string, i: number, unit: number): boolean {
  if (unit < 0xd800 || unit >= 0xdc00 || i + 1 >= text.length) return false;
  const next = text.charCodeAt(i + 1);
  return next >= 0xdc00 && next < 0xe000;
}

/** The text of bytes [from, to). */
export function decodeUtf8(bytes: Uint8Array, from: number, to: number): string {
  let text = '';
  let units: number[] = [];
  let i = from;
  while (i < to) {
    const lead = bytes[i++]!;
    let point = lead;
    if (lead >= 0x80) {
      const more = lead >= 0xc2 && lead < 0xe0 ? 1 : lead >= 0xe0 && lead < 0xf0 ? 2 : lead >= 0xf0 && lead < 0xf5 ? 3 : 0;
      // The second byte's bounds keep out overlong forms, surrogates and what lies above U+10FFFF.
      let least = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
      let most = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
      point = more === 0 ? 0xfffd : lead & (0x3f >> more);
      for (let k = 0; k < more; k++) {
        if (i >= to || bytes[i]! < least || bytes[i]! > most) {
          point = 0xfffd;
          break;
        }
        point = (point << 6) | (bytes[i++]! & 63);
        least = 0x80;
        most = 0xbf;
      }
    }
    if (point < 0x10000) units.push(point);
    else units.push(0xd800 + ((point - 0x10000) >> 10), 0xdc00 + ((point - 0x10000) & 0x3ff));
    if (units.length > 4096) {
      text += String.fromCharCode(...units);
      units = [];
    }
  }
  return text + String.fromCharCode(...units);
}
