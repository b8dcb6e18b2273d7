/**
 * Reads what packed.ts of the report has written.
 * @typedef {import('../packed.js').Packed} Packed
 */

/** @type {Map<string, number>} */
const packedDigits = new Map([...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'].map((sign, index) => [sign, index]));

/** The numbers, with null for gaps. @param {Packed} packed @returns {(number | null)[]} */
function unpacked({ digits, text }) {
  const scale = Number(`1e${Math.abs(digits)}`);
  /** @type {(number | null)[]} */
  const values = [];
  let [last, rest, place] = [0, 0, 1];
  for (const sign of text) {
    const part = packedDigits.get(sign);
    if (part === undefined) values.push(null);
    else {
      rest += (part % 32) * place;
      place *= 32;
      if (part >= 32) continue;
      last += rest % 2 === 1 ? -(rest - 1) / 2 : rest / 2;
      values.push(digits >= 0 ? last / scale : last * scale);
      [rest, place] = [0, 1];
    }
  }
  return values;
}
