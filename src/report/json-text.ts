/** JSON to be read and compared by people: two spaces a level, and a list of plain values on one line. */
export function jsonText(value: unknown, indent = ''): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const inner = `${indent}  `;
  if (Array.isArray(value)) {
    if (value.every((one) => typeof one !== 'object' || one === null)) return `[${value.map((one) => JSON.stringify(one)).join(', ')}]`;
    return `[\n${value.map((one) => `${inner}${jsonText(one, inner)}`).join(',\n')}\n${indent}]`;
  }
  const members = Object.entries(value);
  if (members.length === 0) return '{}';
  return `{\n${members.map(([name, one]) => `${inner}${JSON.stringify(name)}: ${jsonText(one, inner)}`).join(',\n')}\n${indent}}`;
}
