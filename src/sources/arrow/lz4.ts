/** Unpacks LZ4 frames, in which Arrow files hold their columns. */

const magic = 0x184d2204;
const raw = 0x8000_0000;

/** Fills `target` with what `packed` holds. Throws an Error where that is damaged, or of another length. */
export function unpackLz4(packed: Uint8Array, target: Uint8Array): void {
  const view = new DataView(packed.buffer, packed.byteOffset, packed.byteLength);
  if (packed.length < 7 || view.getUint32(0, true) !== magic) throw new Error('it is no LZ4 frame');
  const flags = packed[4]!;
  if (flags >> 6 !== 1) throw new Error('the LZ4 frame is of an unknown version');
  if ((flags & 1) !== 0) throw new Error('the LZ4 frame needs a dictionary');
  const blockChecksum = (flags & 0x10) === 0 ? 0 : 4;
  let at = 7 + ((flags & 8) === 0 ? 0 : 8);
  let filled = 0;
  for (;;) {
    if (at + 4 > packed.length) throw new Error('the LZ4 frame ends early');
    const word = view.getUint32(at, true);
    at += 4;
    if (word === 0) break;
    const size = word & 0x7fff_ffff;
    if (at + size > packed.length) throw new Error('the LZ4 frame ends early');
    const block = packed.subarray(at, at + size);
    if (word >= raw) {
      if (filled + size > target.length) throw tooMuch();
      target.set(block, filled);
      filled += size;
    } else filled = unpackBlock(block, target, filled);
    at += size + blockChecksum;
  }
  if (filled !== target.length) throw new Error(`${filled} bytes were unpacked where ${target.length} were said`);
}

/** As `unpackLz4`, one block without a frame. */
export function unpackLz4Block(packed: Uint8Array, target: Uint8Array): void {
  const filled = unpackBlock(packed, target, 0);
  if (filled !== target.length) throw new Error(`${filled} bytes were unpacked where ${target.length} were said`);
}

const tooMuch = (): Error => new Error('more bytes were packed than were said');

/** Writes from `to` on, and may copy what stands before it; returns where the block's bytes end. Runs once a byte: plain loops. */
function unpackBlock(block: Uint8Array, target: Uint8Array, to: number): number {
  const { length } = block;
  let at = 0;
  while (at < length) {
    const token = block[at++]!;
    let literals = token >> 4;
    if (literals === 15) {
      let more;
      do {
        more = block[at++] ?? 0;
        literals += more;
      } while (more === 255);
    }
    if (at + literals > length) throw new Error('an LZ4 block ends early');
    if (to + literals > target.length) throw tooMuch();
    if (literals > 32) target.set(block.subarray(at, at + literals), to);
    else for (let index = 0; index < literals; index += 1) target[to + index] = block[at + index]!;
    at += literals;
    to += literals;
    // The last sequence has literals only.
    if (at >= length) break;
    const distance = block[at]! | ((block[at + 1] ?? 0) << 8);
    at += 2;
    if (distance === 0 || distance > to) throw new Error('an LZ4 block points before its beginning');
    let matched = token & 15;
    if (matched === 15) {
      let more;
      do {
        more = block[at++] ?? 0;
        matched += more;
      } while (more === 255);
    }
    matched += 4;
    if (to + matched > target.length) throw tooMuch();
    // What is copied may overlap what is written: byte by byte it repeats, as meant.
    for (let from = to - distance, end = to + matched; to < end;) target[to++] = target[from++]!;
  }
  return to;
}
