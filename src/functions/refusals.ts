/** Functions of Flink that are refused on purpose, and why. */
const lastBits = 'its last bits differ between JavaScript engines, so results would not be the same on every machine';
const patterns = 'Java\'s and JavaScript\'s regular expressions differ; write LIKE, POSITION or SPLIT_INDEX';
const random = 'a replay must give the same result each time';

export const refusals: Readonly<Record<string, string>> = {
  EXP: lastBits, LN: lastBits, LOG: lastBits, LOG2: lastBits, LOG10: lastBits, POWER: `${lastBits}; write x * x`,
  SIN: lastBits, COS: lastBits, TAN: lastBits, COT: lastBits, ASIN: lastBits, ACOS: lastBits, ATAN: lastBits, ATAN2: lastBits,
  SINH: lastBits, COSH: lastBits, TANH: lastBits, DEGREES: lastBits, RADIANS: lastBits,
  REGEXP: patterns, REGEXP_EXTRACT: patterns, REGEXP_REPLACE: patterns, REGEXP_COUNT: patterns, REGEXP_INSTR: patterns,
  REGEXP_SUBSTR: patterns, REGEXP_EXTRACT_ALL: patterns, 'SIMILAR TO': patterns,
  INITCAP: 'case mapping beyond ASCII differs between Unicode versions; write UPPER or LOWER',
  RAND: random, RAND_INTEGER: random, UUID: random,
  PROCTIME: 'processing time cannot be replayed; use an event-time column with a WATERMARK',
};
