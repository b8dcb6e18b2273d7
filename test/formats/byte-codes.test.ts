/** Law: a text has one code, and a code one text, whether it came as bytes or as a string, plain or not, short or long. */
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { Dictionary } from '../../src/core/batch.js';
import { ByteCodes } from '../../src/formats/byte-codes.js';
import { distinctMax } from '../../src/sources/reader.js';

const texts = fc.oneof(fc.string({ maxLength: 3 }), fc.string({ unit: 'binary', maxLength: 80 }), fc.constantFrom('', '\ufffd', '\ud800', '\ude00x', 'é', '😀', 'a'.repeat(64), 'é'.repeat(33), 'a'.repeat(65)));

test('codes of texts and of their bytes', () => {
  fc.assert(fc.property(fc.array(fc.tuple(texts, fc.boolean()), { maxLength: 60 }), (given) => {
    const codes = new ByteCodes();
    const seen: string[] = [''];
    for (const [text, asBytes] of given) {
      const bytes = Buffer.from(`<${text}>`, 'utf8');
      // Half a surrogate has no bytes.
      const isWhole = bytes.toString('utf8') === `<${text}>`;
      const code = asBytes && isWhole ? codes.codeAt(bytes, 1, bytes.length - 2) : codes.codeOf(text);
      seen.push(...codes.takeAdded().added);
      assert.equal(seen[code], text);
      assert.equal(seen.indexOf(text, 1), code);
    }
  }));
});

/** Of one batch: texts, each as bytes or as a string, and how many others come before them, and of how many units each is. */
const batch = fc.record({
  given: fc.array(fc.tuple(fc.oneof(texts, fc.constantFrom('a', 'b', '\0', '\x7f')), fc.boolean()), { maxLength: 20 }),
  further: fc.oneof({ weight: 60, arbitrary: fc.constantFrom(0, 7, 8, 9, 100) }, fc.constantFrom(distinctMax, distinctMax + 1)), width: fc.constantFrom(0, 0, 64, 300), isLate: fc.boolean(),
});

/** Who hands its texts over as bytes where it can, and who gets them. */
class Sender {
  readonly codes = new ByteCodes();
  dictionary = new Dictionary();
  /** Batches that came as bytes, and those at which codes began anew. */
  ascii = 0;
  restarts = 0;

  constructor(private readonly hasBytes: boolean) {}

  take(): { readonly restart: boolean; readonly strings: readonly (string | null)[]; readonly generation: number } {
    const taken = this.hasBytes ? this.codes.takeBytes() : { ...this.codes.takeAdded(), ascii: null };
    if (taken.restart) this.dictionary = new Dictionary();
    // What crosses is no view of what is filled next.
    const { added, ascii, restart } = structuredClone(taken, { transfer: taken.ascii === null ? [] : [taken.ascii.bytes.buffer as ArrayBuffer] });
    if (ascii === null) this.dictionary.add(added);
    else this.dictionary.addAscii(ascii);
    this.ascii += ascii === null ? 0 : 1;
    this.restarts += restart ? 1 : 0;
    return { restart, strings: this.dictionary.strings, generation: this.codes.generation };
  }

  code([text, asBytes]: readonly [string, boolean]): number {
    const bytes = Buffer.from(`<${text}>`, 'utf8');
    return asBytes && bytes.toString('utf8') === `<${text}>` ? this.codes.codeAt(bytes, 1, bytes.length - 2) : this.codes.codeOf(text);
  }
}

test('what is taken as bytes is what is taken as strings, and each code is of its text, also where codes begin anew', () => {
  let ascii = 0, restarts = 0;
  fc.assert(fc.property(fc.array(batch, { maxLength: 8 }), (batches) => {
    const [bytes, strings] = [new Sender(true), new Sender(false)];
    for (const [number, { given, further, width, isLate }] of batches.entries()) {
      const others = Array.from({ length: further }, (_, index): [string, boolean] => [`${number} ${index}`.padEnd(width, '.'), true]);
      const all = isLate ? [...given, ...others] : [...others, ...given];
      // What came twice is asked for twice, at once and later.
      const rows = [...all, ...given.flatMap((one) => [one, one])];
      const [codes, twin] = [bytes, strings].map((sender) => rows.map((row) => sender.code(row))) as [number[], number[]];
      const [taken, expected] = [bytes.take(), strings.take()];
      assert.deepEqual(codes, twin);
      assert.deepEqual(taken, expected);
      rows.forEach(([text], row) => assert.equal(taken.strings[codes[row]!], text));
      assert.equal(new Set(taken.strings).size, taken.strings.length, 'a text has one code');
    }
    ascii += bytes.ascii;
    restarts += bytes.restarts - Math.min(1, batches.length);
    assert.equal(strings.ascii, 0);
  }), { numRuns: 60, examples: [[[
    { given: [['', true], ['é', true]], further: 9, width: 0, isLate: true }, { given: [['b', true]], further: distinctMax, width: 64, isLate: true },
    { given: [['b', true], ['', true]], further: 8, width: 0, isLate: false }, { given: [['é', false], ['b', false]], further: 100, width: 64, isLate: true },
  ]]] });
  assert.ok(ascii > 0 && restarts > 0, 'some batches were bytes, and some codes began anew');
});

test('codes begin anew after many units, however few the texts are', () => {
  const sender = new Sender(true);
  const short = Array.from({ length: 9 }, (_, index): [string, boolean] => [`short ${index}`, true]);
  const taken = [short, [...Array.from({ length: 17 }, (_, index): [string, boolean] => [String(index).padEnd(1024 * 1024, '.'), true]), short[8]!], [...short].reverse()].map((rows) => {
    const codes = rows.map((row) => sender.code(row));
    const { restart, strings } = sender.take();
    rows.forEach(([text], row) => assert.equal(strings[codes[row]!], text));
    return [restart, codes.at(-1), strings.length];
  });
  assert.deepEqual([taken, sender.ascii], [[[true, 9, 10], [false, 9, 27], [true, 9, 10]], 2]);
});

test('bytes that are no UTF-8 have none', () => {
  const codes = new ByteCodes();
  assert.equal(codes.codeAt(Uint8Array.of(0xff, 0x61), 0, 2), 0);
  assert.equal(codes.codeAt(Uint8Array.of(0xff, 0x61), 1, 1), 1);
  assert.deepEqual(codes.takeAdded(), { added: ['a'], restart: true });
});

test('texts are one where all their bytes are, wherever they lie', () => {
  fc.assert(fc.property(fc.array(fc.uint8Array({ minLength: 1, maxLength: 64 }), { minLength: 1, maxLength: 8 }), fc.nat(), fc.nat(6), (texts, other, offset) => {
    // Each beside one that differs in a bit of a byte; all of them ASCII.
    const all = texts.flatMap((text) => {
      const plain = text.map((byte) => byte & 127), changed = plain.slice();
      changed[other % plain.length]! ^= 1 << (other % 7);
      return [plain, changed];
    });
    const codes = new ByteCodes(), known = new Map<string, number>();
    for (const text of [...all, ...all]) {
      const bytes = Buffer.concat([Buffer.alloc(offset, 1), text, Buffer.alloc(3, 2)]), key = Buffer.from(text).toString('latin1');
      const code = codes.codeAt(bytes, offset, text.length);
      assert.equal(code, known.get(key) ?? known.size + 1);
      known.set(key, code);
    }
    assert.deepEqual(codes.takeAdded().added, [...known.keys()]);
  }), { numRuns: 300 });
});
