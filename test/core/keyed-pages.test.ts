import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { ByteReader, ByteWriter } from '../../src/core/bytes.js';
import { KeyedPages } from '../../src/core/keyed-pages.js';
import { readPacked, writePacked, type PackedValue } from '../../src/core/packed.js';

const limits = (pageBytes: number) => ({ pageBytes, keysAtHand: 1 });

function find(pages: KeyedPages, key: PackedValue): number {
  pages.key.reset();
  writePacked(pages.key, key);
  return pages.find();
}

function put(pages: KeyedPages, key: PackedValue, value: PackedValue): void {
  const address = find(pages, key);
  pages.value.reset();
  writePacked(pages.value, value);
  pages.put(address);
}

const entriesOf = (pages: KeyedPages): Map<PackedValue, PackedValue> =>
  new Map(pages.addresses().map((address) => [readPacked(pages.keyAt(address)), readPacked(pages.valueAt(address))]));

type Command = { readonly do: 'put'; readonly key: number; readonly value: string } | { readonly do: 'delete'; readonly key: number } | { readonly do: 'settle' | 'checkpoint' | 'restore' | 'clear' };

const key = fc.nat(12);
const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 12, arbitrary: fc.record({ do: fc.constant('put' as const), key, value: fc.string({ maxLength: 90 }) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('delete' as const), key }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('settle' as const, 'checkpoint' as const, 'checkpoint' as const, 'restore' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('clear' as const) }) },
);

/** Law: pages hold what a map holds, whatever was put, deleted, copied and restored; and pages that were given do not change. */
test('keyed pages are a map, and a checkpoint of them stays as it was', () => {
  fc.assert(fc.property(fc.array(command, { maxLength: 120 }), fc.constantFrom(64, 128, 1024), (commands, pageBytes) => {
    let pages = new KeyedPages(limits(pageBytes));
    const model = new Map<PackedValue, PackedValue>();
    let kept: { readonly state: Uint8Array; readonly pages: Uint8Array[]; readonly copies: Uint8Array[]; readonly model: Map<PackedValue, PackedValue> } | null = null;
    for (const step of commands) {
      if (step.do === 'put') {
        put(pages, step.key, step.value);
        model.set(step.key, step.value);
      } else if (step.do === 'delete') {
        pages.delete(find(pages, step.key));
        model.delete(step.key);
      } else if (step.do === 'settle') pages.settle();
      else if (step.do === 'clear') {
        pages.clear();
        model.clear();
      } else if (step.do === 'checkpoint') {
        const writer = new ByteWriter();
        const given = pages.snapshot(writer);
        kept = { state: writer.toBytes(), pages: given, copies: given.map((page) => page.slice()), model: new Map(model) };
      } else if (kept !== null) {
        assert.deepEqual(kept.pages, kept.copies, 'pages of a checkpoint');
        pages = new KeyedPages(limits(pageBytes));
        pages.restore(new ByteReader(kept.state), kept.pages);
        model.clear();
        for (const [name, value] of kept.model) model.set(name, value);
      }
      assert.equal(pages.size, model.size);
    }
    assert.deepEqual([...entriesOf(pages)].sort(), [...model].sort());
    for (let name = 0; name <= 12; name += 1) {
      const address = find(pages, name);
      assert.equal(address < 0 ? undefined : readPacked(pages.valueAt(address)), model.get(name));
    }
  }), { numRuns: 400 });
});

/** Law: equal bytes are equal values. */
test('values come back from bytes as they were', () => {
  const value: fc.Arbitrary<PackedValue> = fc.oneof(fc.double(), fc.maxSafeInteger(), fc.integer(), fc.bigInt(), fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' }), fc.constantFrom(null, '\ud800', -0, NaN, 255, 256, -1, 65_536, ''));
  fc.assert(fc.property(fc.array(value), (values) => {
    const writer = new ByteWriter();
    for (const one of values) writePacked(writer, one);
    const reader = new ByteReader(writer.toBytes());
    for (const one of values) assert.ok(Object.is(readPacked(reader), one));
    assert.equal(reader.remaining, 0);
  }));
});

test('a checkpoint after few changes brings few new pages', () => {
  const pages = new KeyedPages(limits(4096));
  const seen = new Set<Uint8Array>();
  const news = (): number => pages.snapshot(new ByteWriter()).reduce((bytes, page) => (seen.has(page) ? bytes : (seen.add(page), bytes + page.length)), 0);
  for (let id = 0; id < 20_000; id += 1) put(pages, id, `the state of key ${id}`);
  const first = news();
  assert.equal(news(), 0);
  for (let id = 0; id < 20_000; id += 100) put(pages, id, `another state of ${id}`);
  const second = news();
  assert.ok(second > 0 && second < first / 50, `${second} of ${first} bytes`);
  // Half of the keys: what is left of their pages is copied.
  for (let round = 0; round < 100; round += 1) {
    for (let id = round; id < 20_000; id += 200) put(pages, id, `yet another of ${id}`);
    pages.settle();
    news();
  }
  assert.equal(pages.size, 20_000);
  assert.ok(pages.bytes < 1.5 * first, 'what is dead is let go');
  for (let id = 0; id < 20_000; id += 1) {
    const expected = id % 200 < 100 ? `yet another of ${id}` : id % 100 === 0 ? `another state of ${id}` : `the state of key ${id}`;
    assert.equal(readPacked(pages.valueAt(find(pages, id))), expected);
  }
});

/** Law: keys that are sought together are found as by themselves, whatever is put and deleted between them. */
test('keys of a batch are found in turn', () => {
  const change = fc.record({ key: fc.nat(200), value: fc.nat(), isDeleted: fc.boolean() });
  fc.assert(fc.property(fc.array(fc.array(change, { maxLength: 60 }), { maxLength: 6 }), (batches) => {
    const pages = new KeyedPages(limits(256));
    const model = new Map<number, number>();
    for (const batch of batches) {
      const keys = new ByteWriter(1), values = new ByteWriter(1);
      const starts = new Int32Array(batch.length), ends = new Int32Array(batch.length);
      batch.forEach((one, index) => {
        starts[index] = keys.length;
        writePacked(keys, one.key);
        ends[index] = keys.length;
      });
      pages.seek(keys.view, starts, ends, batch.length);
      batch.forEach((one, index) => {
        const address = pages.findNext(keys.view, starts[index]!, ends[index]!, index);
        assert.equal(address < 0 ? undefined : readPacked(pages.valueAt(address)), model.get(one.key));
        const from = values.length;
        writePacked(values, one.value);
        if (address >= 0) assert.equal(pages.hasValueBytes(address, values.view, from, values.length), model.get(one.key) === one.value);
        if (one.isDeleted) {
          pages.delete(address);
          model.delete(one.key);
        } else {
          pages.putBytes(address, values.view, from, values.length);
          model.set(one.key, one.value);
        }
      });
      pages.settle();
    }
    assert.deepEqual([...entriesOf(pages)].sort(), [...model].sort());
  }), { numRuns: 200 });
});
