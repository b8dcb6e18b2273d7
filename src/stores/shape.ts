/** What a JSON value from outside must look like. A check returns the value's first fault, as "path: what it must be", or null. */
export type Shape = (value: unknown, path: string) => string | null;

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);
const fault = (path: string, must: string): string => `${path === '' ? 'the file' : path} must be ${must}`;

export const text: Shape = (value, path) => (typeof value === 'string' ? null : fault(path, 'a text'));
export const flag: Shape = (value, path) => (typeof value === 'boolean' ? null : fault(path, 'true or false'));
export const number: Shape = (value, path) => (typeof value === 'number' ? null : fault(path, 'a number'));
export const count: Shape = (value, path) => (Number.isSafeInteger(value) && (value as number) >= 0 ? null : fault(path, 'a whole number, 0 or more'));

/** Lower-case hex of so many digits. */
export const hex = (digits: number): Shape => (value, path) =>
  typeof value === 'string' && value.length === digits && /^[0-9a-f]*$/.test(value) ? null : fault(path, `${digits} hex digits`);

export const oneOf = (...values: readonly unknown[]): Shape => (value, path) =>
  values.includes(value) ? null : fault(path, `one of ${values.map((one) => JSON.stringify(one)).join(', ')}`);

export const orNull = (shape: Shape): Shape => (value, path) => (value === null ? null : shape(value, path));

/** A member that may be left out. */
export const optional = (shape: Shape): Shape => (value, path) => (value === undefined ? null : shape(value, path));

/** A text that `accepts` takes; `must` says which texts those are. */
export const textWhere = (accepts: (value: string) => boolean, must: string): Shape => (value, path) =>
  typeof value === 'string' && accepts(value) ? null : fault(path, must);

export const listOf = (shape: Shape): Shape => (value, path) => {
  if (!Array.isArray(value)) return fault(path, 'a list');
  for (const [index, one] of value.entries()) {
    const found = shape(one, `${path}[${index}]`);
    if (found !== null) return found;
  }
  return null;
};

/** An object with names of the data's own choice. */
export const mapOf = (shape: Shape, name: Shape = text): Shape => (value, path) => {
  if (!isObject(value)) return fault(path, 'an object');
  for (const [key, one] of Object.entries(value)) {
    const found = name(key, `${path}: the name ${JSON.stringify(key)}`) ?? shape(one, path === '' ? key : `${path}.${key}`);
    if (found !== null) return found;
  }
  return null;
};

/** An object with at least these members; others are ignored, so that a later version may add some. */
export const objectOf = (members: Readonly<Record<string, Shape>>): Shape => (value, path) => {
  if (!isObject(value)) return fault(path, 'an object');
  for (const [key, shape] of Object.entries(members)) {
    const found = shape(Object.hasOwn(value, key) ? value[key] : undefined, path === '' ? key : `${path}.${key}`);
    if (found !== null) return found;
  }
  return null;
};
