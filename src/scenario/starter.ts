/** The texts of a new scenario over a user's file: to be run at once, read, and changed. */
import { visible } from '../report/aligned-table.js';
import type { StarterColumn, StarterColumns } from './starter-columns.js';

export interface Starter {
  readonly name: string;
  /** What `bind` says: the file from the scenario's folder. */
  readonly bound: string;
  /** For people. */
  readonly file: string;
  readonly columns: StarterColumns;
}

export interface StarterTexts {
  readonly 'scenario.yaml': string;
  readonly 'tables.sql': string;
  readonly 'outputs.sql': string;
}

export const starterTable = 'ticks';

/** Columns of the table in its order; a file without a symbol column is all of one symbol. */
const declared = ({ symbol, price, volume, bid, ask, event_type: type, time }: StarterColumns): StarterColumn[] =>
  [symbol, price, volume, bid, ask, type, time].filter((column) => column !== undefined);

export function starterTexts(starter: Starter): StarterTexts {
  return { 'scenario.yaml': scenarioText(starter), 'tables.sql': tablesText(starter), 'outputs.sql': outputsText(starter) };
}

/** The mapping that a binding needs: DuckDB expressions by column of the table. */
export const starterMap = (columns: StarterColumns): Record<string, string> =>
  Object.fromEntries(declared(columns).flatMap(({ name, expression }) => (expression === null ? [] : [[name, expression]])));

/** Names of a file's columns in a comment: on one line, and nothing that a terminal obeys. */
const shown = (text: string): string => visible(text).slice(0, 200);

/** A quoted scalar of YAML: in single quotes, which leave all as it is, unless that takes more than one line. */
const quoted = (text: string): string => (/^[\x20-\x7e\xa0-\ud7ff]*$/.test(text) && visible(text) === text ? `'${text.replaceAll("'", "''")}'` : visible(JSON.stringify(text)));

function scenarioText({ name, bound, file, columns }: Starter): string {
  const map = Object.entries(starterMap(columns)).map(([column, expression]) => `  ${starterTable}.${column}: ${quoted(expression)}`);
  const others = columns.others.map(shown).join(', ');
  return `# A scenario over ${shown(file)}. To run it: tapewright replay FOLDER, with the folder that this file is in.
name: ${name}
description: >
  One-minute candles and jumps of the price.

# The pipeline: these files, one after the other.
pipeline: [tables.sql, outputs.sql]

# What each table reads: a file (Parquet, CSV, JSON lines), a glob or a dataset; paths start from this folder.
bind:
  ${starterTable}: ${quoted(bound)}

# Which of the file's columns stand for the table's: names, or expressions in DuckDB's SQL.
# Times that state no zone are taken as UTC.
${others === '' ? '' : `# Columns that are not used: ${others}\n`}${map.length === 0 ? '# All have the names that tables.sql gives them.\n# map:\n#   ticks.price: last_price\n' : `map:\n${map.join('\n')}\n`}
# A part of the day only, event times in UTC; for work on several cores, a key and a number of lanes:
# from: 2026-03-02T14:30
# to: 2026-03-02T15:00
${columns.symbol === undefined ? '' : '# key: symbol\n# lanes: 2\n'}
# What must hold of every run; the command exits with 1 when it does not.
expect:
  outputs:
    candles_1m: { min_rows: 1 }
    # price_jumps: { max_rows: 100 }
    # price_jumps: { checks: { strong: { where: "zscore > 10", max_rows: 5 } } }
  # late: { max: 0 }
  # rejected: { max: 0 }
`;
}

function tablesText({ name, file, columns }: Starter): string {
  const lines = declared(columns).map((column) => `  ${column.name} ${column.type},${column.from === column.name ? '' : ` -- ${shown(column.from)}`}`);
  // The name is of letters, digits and the like: it needs no escapes.
  const symbol = columns.symbol === undefined ? [`  symbol AS '${name}', -- the file has no column for it`] : [];
  const hasQuotes = columns.bid !== undefined && columns.ask !== undefined;
  return `-- The columns of ${shown(file)}, under the names that outputs.sql uses. In replay the connector is not used: the table
-- reads what scenario.yaml binds it to. For Flink, put the real one into WITH.
CREATE TABLE ${starterTable} (
${[...lines, ...symbol].join('\n')}
  -- Rows may come up to so much later than newer ones; a later row is late, and is kept in late.parquet.
  WATERMARK FOR event_time AS event_time - INTERVAL '5' SECOND
) WITH ('connector' = 'kafka');

CREATE TABLE candles_1m (
  symbol STRING,
  window_start TIMESTAMP(3),
  window_end TIMESTAMP(3),
  open_price DOUBLE,
  high_price DOUBLE,
  low_price DOUBLE,
  close_price DOUBLE,
${columns.volume === undefined ? '' : `  vwap DOUBLE,\n  total_volume ${columns.volume.type},\n`}${hasQuotes ? '  mean_spread DOUBLE,\n' : ''}  row_count BIGINT
) WITH ('connector' = 'jdbc');

CREATE TABLE price_jumps (
  symbol STRING,
  event_time TIMESTAMP(3),
  alert_type STRING,
  price DOUBLE,
  price_mean DOUBLE,
  zscore DOUBLE
) WITH ('connector' = 'kafka');
`;
}

function outputsText({ columns }: Starter): string {
  const { volume } = columns;
  const hasQuotes = columns.bid !== undefined && columns.ask !== undefined;
  const isMid = columns.price === undefined;
  const selected = [
    'symbol', isMid ? '(bid + ask) / 2 AS price' : 'price', ...(volume === undefined ? [] : ['volume']), ...(hasQuotes ? ['ask - bid AS spread'] : []), 'event_time',
  ];
  const trades = columns.eventTypes.includes('TRADE');
  const condition = isMid ? 'bid IS NOT NULL AND ask IS NOT NULL' : `price IS NOT NULL${trades ? " AND event_type = 'TRADE'" : ''}`;
  const kinds = columns.eventTypes.length > 0 && !trades ? `-- The first rows are of the types ${columns.eventTypes.map(shown).join(', ')}; add AND event_type = '…' for some of them only.\n` : '';
  const aggregates = [
    'FIRST_VALUE(price)', 'MAX(price)', 'MIN(price)', 'LAST_VALUE(price)',
    ...(volume === undefined ? [] : ['SUM(price * volume) / NULLIF(SUM(volume), 0)', 'SUM(volume)']), ...(hasQuotes ? ['AVG(spread)'] : []), 'COUNT(*)',
  ];
  return `${isMid ? '-- The price of a quote is the middle of bid and ask.\n' : ''}${kinds}CREATE TEMPORARY VIEW prices AS
SELECT ${selected.join(', ')}
FROM ${starterTable}
WHERE ${condition};

-- Each price beside the five minutes up to it, in its symbol. Sums are exact: a price that never moves deviates by 0.
CREATE TEMPORARY VIEW deviations AS
SELECT
  symbol, event_time, price,
  AVG(price) OVER five_minutes AS price_mean,
  STDDEV_POP(price) OVER five_minutes AS price_stddev
FROM prices
WINDOW five_minutes AS (
  PARTITION BY symbol ORDER BY event_time RANGE BETWEEN INTERVAL '5' MINUTE PRECEDING AND CURRENT ROW
);

EXECUTE STATEMENT SET
BEGIN

INSERT INTO candles_1m
SELECT
  symbol, window_start, window_end,
  ${aggregates.join(',\n  ')}
FROM TABLE(TUMBLE(TABLE prices, DESCRIPTOR(event_time), INTERVAL '1' MINUTE))
GROUP BY symbol, window_start, window_end;

-- More than five standard deviations away: less makes more of them.
INSERT INTO price_jumps
SELECT symbol, event_time, 'PRICE_JUMP', price, price_mean, ABS(price - price_mean) / NULLIF(price_stddev, 0)
FROM deviations
WHERE ABS(price - price_mean) / NULLIF(price_stddev, 0) > 5;

END;
`;
}
