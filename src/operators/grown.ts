/** Arrays by key or slot that grow as keys and slots are added. */

/** `values`, or a longer copy when it has fewer than `length`; what is new is `fill`. */
export function grown(values: Int32Array, length: number, fill: number): Int32Array {
  if (values.length >= length) return values;
  const longer = new Int32Array(Math.max(length, values.length * 2, 64)).fill(fill, values.length);
  longer.set(values);
  return longer;
}

export function grownTimes(values: Float64Array, length: number, fill: number): Float64Array {
  if (values.length >= length) return values;
  const longer = new Float64Array(Math.max(length, values.length * 2, 64)).fill(fill, values.length);
  longer.set(values);
  return longer;
}

/** `target`, which begins with `values` then. */
export function moved<Values extends Float64Array | Int32Array>(values: Values, target: Values): Values {
  target.set(values);
  return target;
}
