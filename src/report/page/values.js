/**
 * How values are written: by rules of our own, since a browser's depend on its language.
 * @typedef {import('../summary.js').Cell} Cell
 */

/** @param {string} digits */
function grouped(digits) {
  return digits.replace(/\B(?=(\d{3})+$)/g, ',');
}

/** @param {number} count */
function countText(count) {
  return grouped(String(count));
}

/** `1 row`, `2 rows`. @param {number} count @param {string} one */
function countedText(count, one) {
  return `${countText(count)} ${one}${count === 1 ? '' : 's'}`;
}

/** Exactly, as it is sorted, searched and shown on hovering. @param {Cell} cell */
function exactText(cell) {
  return cell === null ? 'NULL' : String(cell);
}

/** A number with so many decimals, its whole part in groups. @param {number} value @param {number} decimals */
function numberText(value, decimals) {
  if (!Number.isFinite(value) || Math.abs(value) >= 1e15) return String(value);
  const [whole, fraction] = value.toFixed(decimals).split('.');
  const sign = whole.startsWith('-') ? '−' : '';
  const text = sign + grouped(whole.replace('-', ''));
  return fraction === undefined ? text : `${text}.${fraction}`;
}

/**
 * Decimals to write numbers with: all that they need, up to six; of longer ones, which were computed, as many as tell
 * the smaller among them apart.
 * @param {readonly number[]} values
 */
function decimalsFor(values) {
  const finite = values.filter((value) => Number.isFinite(value) && value !== 0);
  let needed = 0;
  for (const value of finite) {
    const [digits, exponent] = String(value).split('e');
    needed = Math.max(needed, (digits.split('.')[1] ?? '').length - Number(exponent ?? 0));
  }
  if (needed <= 6) return needed;
  const sizes = finite.map(Math.abs).sort((a, b) => a - b);
  const small = sizes[Math.floor(sizes.length / 4)];
  const most = small >= 1e6 ? 2 : small >= 1e3 ? 3 : small >= 10 ? 4 : small >= 1e-3 ? 6 : small >= 1e-6 ? 8 : 14;
  return Math.min(needed, most);
}

/** @param {string} type As Flink names it. */
function isNumberType(type) {
  return /^(TINYINT|SMALLINT|INT|INTEGER|BIGINT|FLOAT|DOUBLE|DECIMAL)/.test(type);
}

/** @param {number} number */
function two(number) {
  return String(number).padStart(2, '0');
}

/** Epoch ms as a time of day, in UTC, with as much of the seconds as it has. @param {number} millis */
function clockText(millis) {
  const time = new Date(millis);
  const text = `${two(time.getUTCHours())}:${two(time.getUTCMinutes())}`;
  const seconds = time.getUTCSeconds();
  const rest = time.getUTCMilliseconds();
  if (rest !== 0) return `${text}:${two(seconds)}.${String(rest).padStart(3, '0')}`;
  return seconds === 0 ? text : `${text}:${two(seconds)}`;
}

/** @param {number} millis */
function dateText(millis) {
  return new Date(millis).toISOString().slice(0, 10);
}

/** A length of time as people say it. @param {number} millis */
function durationText(millis) {
  for (const [unit, size] of /** @type {const} */ ([['d', 86_400_000], ['h', 3_600_000], ['min', 60_000], ['s', 1_000]])) {
    if (millis >= size && millis % size === 0) return `${millis / size} ${unit}`;
  }
  return `${millis} ms`;
}

/** Epoch ms of a time as the tables have it, in UTC; NaN when it is none. @param {Cell} cell */
function millisOf(cell) {
  const [, date, clock = '00:00:00', fraction = ''] = /^(\d{4}-\d\d-\d\d)(?:[ T](\d\d:\d\d:\d\d)(\.\d+)?.*)?$/.exec(String(cell)) ?? [];
  return date === undefined ? NaN : Date.parse(`${date}T${clock}.${`${fraction.slice(1)}000`.slice(0, 3)}Z`);
}

/** A time of day to the millisecond where it has any. @param {number} millis */
function momentText(millis) {
  const time = new Date(millis).toISOString();
  return time.endsWith('.000Z') ? time.slice(11, 19) : time.slice(11, 23);
}

/** A number by itself: six digits of it, as many as people compare. @param {number} value */
function shortNumber(value) {
  if (!Number.isFinite(value) || value === 0) return String(value + 0);
  if (Number.isInteger(value)) return numberText(value, 0);
  const magnitude = Number(value.toExponential().split('e')[1]);
  return numberText(value, Math.max(2, Math.min(12, 5 - magnitude))).replace(/0+$/, '').replace(/\.$/, '');
}
