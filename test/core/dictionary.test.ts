/** Law: texts that came as bytes are those that came as strings, whoever asks for them, and whenever. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { Dictionary, type AsciiTexts, type Batch } from '../../src/core/batch.js';
import { ByteWriter } from '../../src/core/bytes.js';
import { PackedTexts } from '../../src/core/packed-texts.js';
import { RowEncoder } from '../../src/core/row-encoder.js';
import { SliceChecksum } from '../../src/engine/checksum.js';

/** The first and the last unit of ASCII; lengths on both sides of where a text is kept, and of what one call makes strings of. */
const plain = fc.oneof(
  fc.constantFrom('', '\0', '\0\0', '\x7f', 'NEW', 'x'.repeat(64), 'x'.repeat(65), 'x'.repeat(127), 'x'.repeat(128), 'x'.repeat(4096), `${'x'.repeat(4096)}y`, 'xy'.repeat(5000)),
  fc.string({ unit: fc.integer({ min: 0, max: 127 }).map((unit) => String.fromCharCode(unit)), maxLength: 12 }),
);
const other = fc.oneof(fc.constantFrom('é', '\x80', '\ud800', '漢'.repeat(65)), fc.string({ unit: 'binary', maxLength: 5 }));
const asked = fc.constantFrom('strings', 'text', 'units', 'encoded', 'code', 'intern', 'packed', 'checksum', 'nothing');
const addition = fc.oneof(
  fc.record({ as: fc.constantFrom('bytes', 'strings'), texts: fc.array(plain, { maxLength: 12 }), further: fc.constantFrom(0, 0, 1000), ask: asked }),
  fc.record({ as: fc.constant('strings'), texts: fc.array(fc.oneof(plain, other), { maxLength: 12 }), further: fc.constant(0), ask: asked }),
);

function asciiOf(texts: readonly string[]): AsciiTexts {
  // Of a buffer in which other bytes stand before and behind.
  const all = Buffer.from(`<${texts.join('')}>`, 'latin1');
  let end = 0;
  return { bytes: all.subarray(1, all.length - 1), ends: Int32Array.from(texts, (text) => (end += text.length)) };
}

/** A dictionary with those who keep something of it from one addition to the next. */
class Asked {
  readonly dictionary = new Dictionary();
  readonly #texts = new PackedTexts(this.dictionary);
  readonly #checksum = new SliceChecksum(1);
  readonly #encoder = new RowEncoder([{ name: 'text', type: { kind: 'STRING', nullable: true } }]);

  answer(question: string, texts: readonly string[]): unknown {
    const { dictionary } = this;
    switch (question) {
      case 'strings': return [...dictionary.strings];
      // The last ones are those that came last.
      case 'text': return [...this.#codes().slice(-3), ...this.#codes().slice(0, 2)].map((code) => dictionary.text(code));
      case 'units': return this.#codes().map((code) => dictionary.units(code));
      case 'encoded': return this.#encoded(this.#codes());
      case 'code': return texts.map((text) => dictionary.codeOf(text));
      case 'intern': return [...texts, null, `new ${dictionary.size}`].map((text) => [dictionary.intern(text), dictionary.size]);
      case 'packed': return [this.#texts.mostBytes(), this.#codes().map((code) => this.#packed(code))];
      case 'checksum': return this.#checksumOf(this.#codes());
      default: return null;
    }
  }

  #codes(): number[] {
    return Array.from({ length: this.dictionary.size }, (_, code) => code);
  }

  #packed(code: number): string {
    const room = new DataView(new ArrayBuffer(this.#texts.bytesOf(code)));
    return Buffer.from(room.buffer, 0, this.#texts.write(code, room, 0)).toString('latin1');
  }

  #batch(codes: readonly number[]): Batch {
    return { length: codes.length, columns: [{ storage: 'text', values: Int32Array.from(codes), dictionary: this.dictionary }] };
  }

  #encoded(codes: readonly number[]): string {
    const writer = new ByteWriter();
    this.#encoder.encode(writer, this.#batch(codes), 0, codes.length);
    return Buffer.from(writer.toBytes()).toString('latin1');
  }

  #checksumOf(codes: readonly number[]): string {
    const batch = this.#batch(codes);
    this.#checksum.update(batch, 0, codes.length);
    return this.#checksum.finish();
  }
}

test('a dictionary fed with bytes and strings is one that was fed with strings', () => {
  fc.assert(fc.property(fc.array(addition, { maxLength: 12 }), (additions) => {
    const [mixed, twin] = [new Asked(), new Asked()];
    for (const { as, texts, further, ask } of additions) {
      const { dictionary } = twin;
      const known = new Set(dictionary.strings);
      const all = [...texts, ...Array.from({ length: further }, (_, index) => `${dictionary.size}-${index}`)];
      const added = [...new Set(all)].filter((text) => !known.has(text));
      dictionary.add(added);
      if (as === 'bytes') mixed.dictionary.addAscii(asciiOf(added));
      else mixed.dictionary.add(added);
      assert.equal(mixed.dictionary.size, dictionary.size);
      assert.deepEqual(mixed.answer(ask, [...texts, 'none']), twin.answer(ask, [...texts, 'none']));
    }
    for (const question of ['text', 'units', 'encoded', 'packed', 'checksum', 'code', 'strings']) {
      const texts = twin.dictionary.strings.slice(1) as string[];
      assert.deepEqual(mixed.answer(question, texts), twin.answer(question, texts), question);
    }
  }));
});

test('a slice in codes has the checksum of its texts', () => {
  fc.assert(fc.property(fc.uniqueArray(plain, { minLength: 1, maxLength: 20 }), (texts) => {
    const dictionary = new Dictionary();
    dictionary.addAscii(asciiOf(texts));
    const [coded, own] = [new SliceChecksum(1), new SliceChecksum(1)];
    coded.update({ length: texts.length, columns: [{ storage: 'text', values: Int32Array.from(texts, (_, index) => index + 1), dictionary }] }, 0, texts.length);
    own.update({ length: texts.length, columns: [{ storage: 'text', values: texts, dictionary: null }] }, 0, texts.length);
    assert.equal(coded.finish(), own.finish());
  }));
});

test('who holds the strings has those that were interned meanwhile', () => {
  const dictionary = new Dictionary();
  dictionary.addAscii(asciiOf(['a', 'b']));
  const { strings } = dictionary;
  assert.equal(strings[dictionary.intern('c')], 'c');
  assert.deepEqual(strings, [null, 'a', 'b', 'c']);
});

test('who keeps a few of many texts keeps no others with them', () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const used = (): number => {
    collect();
    return process.memoryUsage().heapUsed;
  };
  const before = used();
  const kept: string[] = [];
  for (let round = 0; round < 100; round += 1) {
    const dictionary = new Dictionary();
    dictionary.addAscii(asciiOf(Array.from({ length: 2000 }, (_, index) => `${round}-${index}`.padEnd(36, '.'))));
    for (let code = 1; code <= 2000; code += 100) kept.push(dictionary.strings[code]!);
  }
  const each = (used() - before) / kept.length;
  assert.ok(each < 500, `${kept.length} texts of 36 units take ${each.toFixed(0)} bytes each`);
});
