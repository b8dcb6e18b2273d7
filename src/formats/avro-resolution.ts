/** Whether what one Avro schema wrote can be read as another, by the specification's rules of resolution. */
import type { Avro, AvroField, AvroStruct } from './avro-type.js';

/** What a written type may be read as, beside itself. */
const promotions: Readonly<Partial<Record<Avro['kind'], readonly Avro['kind'][]>>> = {
  int: ['long', 'float', 'double'], long: ['float', 'double'], float: ['double'], string: ['bytes'], bytes: ['string'],
};

/** Why not every value of `writer` can be read as `reader`; null: it can. */
export const conflictOf = (reader: Avro, writer: Avro): string | null => conflict(reader, writer, new Map());

/** `open`: pairs that are being looked at, so that records that hold themselves come to an end. */
function conflict(reader: Avro, writer: Avro, open: Map<Avro, Set<Avro>>): string | null {
  if (writer.kind === 'union') {
    for (const branch of writer.branches) {
      const found = conflict(reader, branch, open);
      if (found !== null) return found;
    }
    return null;
  }
  if (reader.kind === 'union') {
    return reader.branches.some((branch) => conflict(branch, writer, open) === null) ? null : `${shown(writer)} is none of ${reader.branches.map(shown).join(', ')}`;
  }
  if (reader.kind !== writer.kind) return promotions[writer.kind]?.includes(reader.kind) === true ? null : `${shown(writer)} cannot be read as ${shown(reader)}`;
  if (reader.kind === 'array') return conflict(reader.items, (writer as typeof reader).items, open);
  if (reader.kind === 'map') return conflict(reader.values, (writer as typeof reader).values, open);
  if (reader.kind !== 'record' && reader.kind !== 'enum' && reader.kind !== 'fixed') return null;
  const other = writer as typeof reader;
  if (shortName(reader.name) !== shortName(other.name) && !reader.aliases.includes(other.name)) return `${shown(writer)} has another name than ${shown(reader)}`;
  if (reader.kind === 'fixed') return reader.size === (other as typeof reader).size ? null : `${shown(writer)} has another size than ${shown(reader)}`;
  if (reader.kind === 'enum') {
    const lacking = reader.hasDefault ? undefined : (other as typeof reader).symbols.find((symbol) => !reader.symbols.includes(symbol));
    return lacking === undefined ? null : `${shown(reader)} lacks ${lacking}`;
  }
  if (open.get(reader)?.has(writer) === true) return null;
  open.set(reader, (open.get(reader) ?? new Set()).add(writer));
  return recordConflict(reader, writer as AvroStruct, open);
}

function recordConflict(reader: AvroStruct, writer: AvroStruct, open: Map<Avro, Set<Avro>>): string | null {
  for (const field of reader.fields) {
    const written = writer.fields.find(({ name }) => name === field.name) ?? writer.fields.find(({ name }) => field.aliases.includes(name));
    const found = written === undefined ? (field.hasDefault ? null : `it is not there, and has no default`) : conflict(field.type, written.type, open);
    if (found !== null) return `field ${field.name}: ${found}`;
  }
  return null;
}

/**
 * The written field that a column of this name is: by its name, or by an alias, which is how a writer that renames a
 * field says what it was.
 */
export const fieldNamed = (record: AvroStruct, name: string): AvroField | undefined =>
  record.fields.find((field) => field.name === name) ?? record.fields.find(({ aliases }) => aliases.includes(name));

const shortName = (name: string): string => name.slice(name.lastIndexOf('.') + 1);

export function shown(type: Avro): string {
  switch (type.kind) {
    case 'record': case 'enum': case 'fixed': return `${type.kind} ${shortName(type.name)}`;
    case 'union': return `a union of ${type.branches.map(shown).join(', ')}`;
    default: return 'logical' in type && type.logical !== null ? `${type.kind} (${type.logical.name})` : type.kind;
  }
}
