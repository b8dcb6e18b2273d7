/** Which functions are aggregates, and which of Flink's are not here. */
/** Aggregates that may be called. */
export const aggregateNames: readonly string[] = [
  'COUNT', 'SUM', 'AVG', 'MIN', 'MAX', 'STDDEV_POP', 'STDDEV_SAMP', 'STDDEV', 'VAR_POP', 'VAR_SAMP', 'VARIANCE', 'FIRST_VALUE', 'LAST_VALUE', 'LAG',
];

/** Known to Flink, not done here: what to write instead. */
export const refusedAggregates: Readonly<Record<string, string>> = {
  RANK: 'Use ROW_NUMBER, which gives each row a number of its own.',
  DENSE_RANK: 'Use ROW_NUMBER, which gives each row a number of its own.',
  LEAD: 'Use LAG, seen from the later row.',
  NTILE: 'Use a condition on the value.',
  PERCENT_RANK: 'Use a condition on the value.',
  CUME_DIST: 'Use a condition on the value.',
  LISTAGG: 'Use COUNT(DISTINCT x), or the rows themselves.',
  STRING_AGG: 'Use COUNT(DISTINCT x), or the rows themselves.',
  COLLECT: 'Use the rows themselves.',
  ARRAY_AGG: 'Use the rows themselves.',
  JSON_ARRAYAGG: 'Use the rows themselves.',
  JSON_OBJECTAGG: 'Use the rows themselves.',
  APPROX_COUNT_DISTINCT: 'Use COUNT(DISTINCT x), which is exact.',
  GROUP_ID: 'Use GROUPING_ID.',
};
