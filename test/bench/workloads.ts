/** What is measured: each workload as our SQL, as DuckDB's, and how the rows of the two are matched. */
import { loadScenario } from '../../src/scenario/scenario.js';
import type { TextFile } from '../../src/runtime/options.js';

/** One output of a workload. */
export interface PeerQuery {
  readonly table: string;
  /** The SELECT that DuckDB runs over the view `market_data_raw`. */
  readonly sql: string;
  /** Columns that name a row on both sides; rows alike in all of them are counted off. */
  readonly key: readonly string[];
  /** The other columns, compared to 1e-9. */
  readonly values: readonly string[];
  /** Whether a row is touched by late rows through its window or through its frame of five minutes. */
  readonly touchedBy: 'window' | 'frame';
  /** Scores and the bounds that they are filtered by: DuckDB's last bits may put a score on the other side. */
  readonly bounds?: Readonly<Record<string, readonly number[]>>;
  /** A deviation, and the score (value - mean) / deviation beyond `limit`, as a peer with running sums of squares would have them. */
  readonly running?: { readonly value: string; readonly mean: string; readonly deviation: string; readonly score: string; readonly limit: number };
}

export interface Workload {
  readonly name: WorkloadName;
  readonly texts: readonly TextFile[];
  readonly peer: readonly PeerQuery[];
}

export type WorkloadName = 'vwap_1m' | 'anomaly' | 'both' | 'trading_day';

/** Those that are held against DuckDB. */
export const workloadNames: readonly WorkloadName[] = ['vwap_1m', 'anomaly', 'trading_day'];

export async function workloadNamed(name: WorkloadName): Promise<Workload> {
  switch (name) {
    case 'vwap_1m': return { name, texts: [{ path: 'vwap_1m.sql', text: source + vwapText }], peer: [vwap] };
    case 'anomaly': return { name, texts: [{ path: 'anomaly.sql', text: source + anomalyText }], peer: [anomaly] };
    case 'both': return { name, texts: [{ path: 'both.sql', text: source + vwapText + anomalyText }], peer: [vwap, anomaly] };
    case 'trading_day': {
      const { texts } = await loadScenario('trading-day');
      return { name, texts: texts.sql, peer: tradingDay };
    }
  }
}

const source = `CREATE TABLE market_data_raw (
  symbol STRING NOT NULL, price DOUBLE, volume BIGINT, bid DOUBLE, ask DOUBLE, event_time TIMESTAMP(3), exchange STRING, event_type STRING,
  WATERMARK FOR event_time AS event_time - INTERVAL '5' SECOND
) WITH ('connector' = 'kafka', 'topic' = 'market-data-raw');
`;

const vwapText = `CREATE TABLE vwap_1m (
  symbol STRING, window_start TIMESTAMP(3), window_end TIMESTAMP(3), vwap DOUBLE, total_volume BIGINT, trade_count BIGINT,
  high_price DOUBLE, low_price DOUBLE
) WITH ('connector' = 'jdbc');
INSERT INTO vwap_1m
SELECT symbol, window_start, window_end, SUM(price * volume) / SUM(volume), SUM(volume), COUNT(*), MAX(price), MIN(price)
FROM TABLE(TUMBLE(TABLE (SELECT * FROM market_data_raw WHERE event_type = 'TRADE'), DESCRIPTOR(event_time), INTERVAL '1' MINUTE))
GROUP BY symbol, window_start, window_end;
`;

/** Every event is scored, whatever its type: what a window over the whole tape costs. */
const anomalyText = `CREATE TABLE anomalies (
  symbol STRING, event_time TIMESTAMP(3), price DOUBLE, volume BIGINT, price_mean DOUBLE, price_stddev DOUBLE, volume_mean DOUBLE,
  price_zscore DOUBLE, volume_ratio DOUBLE
) WITH ('connector' = 'kafka');
INSERT INTO anomalies
SELECT * FROM (
  SELECT symbol, event_time, price, volume, price_mean, price_stddev, volume_mean,
    ABS(price - price_mean) / NULLIF(price_stddev, 0) AS price_zscore,
    volume / NULLIF(volume_mean, 0) AS volume_ratio
  FROM (
    SELECT symbol, event_time, price, volume,
      AVG(price) OVER five_minutes AS price_mean,
      STDDEV_POP(price) OVER five_minutes AS price_stddev,
      AVG(CAST(volume AS DOUBLE)) OVER five_minutes AS volume_mean
    FROM market_data_raw
    WINDOW five_minutes AS (
      PARTITION BY symbol ORDER BY event_time RANGE BETWEEN INTERVAL '5' MINUTE PRECEDING AND CURRENT ROW
    )
  )
)
WHERE price_zscore > 3 OR volume_ratio > 5;
`;

const trades = `FROM market_data_raw WHERE event_type = 'TRADE'`;
const windowStart = (size: string): string => `time_bucket(INTERVAL '${size}', event_time) AS window_start, window_start + INTERVAL '${size}' AS window_end`;

const vwap: PeerQuery = {
  table: 'vwap_1m', key: ['symbol', 'window_start', 'window_end'], touchedBy: 'window',
  values: ['vwap', 'total_volume', 'trade_count', 'high_price', 'low_price'],
  sql: `SELECT symbol, ${windowStart('1 minute')}, sum(price * volume) / sum(volume) AS vwap, sum(volume)::BIGINT AS total_volume,
      count(*) AS trade_count, max(price) AS high_price, min(price) AS low_price
    ${trades} GROUP BY symbol, window_start`,
};

const framed = (statistics: string, filter: string): string => `SELECT *, ${statistics} FROM market_data_raw ${filter}
    WINDOW five_minutes AS (PARTITION BY symbol ORDER BY event_time RANGE BETWEEN INTERVAL '5 minutes' PRECEDING AND CURRENT ROW)`;

const statistics = `avg(price) OVER five_minutes AS price_mean, stddev_pop(price) OVER five_minutes AS price_stddev,
    avg(volume::DOUBLE) OVER five_minutes AS volume_mean`;
const scores = `abs(price - price_mean) / nullif(price_stddev, 0) AS price_zscore, volume / nullif(volume_mean, 0) AS volume_ratio`;

const anomaly: PeerQuery = {
  table: 'anomalies', key: ['symbol', 'event_time', 'price', 'volume'], touchedBy: 'frame',
  values: ['price_mean', 'price_stddev', 'volume_mean', 'price_zscore', 'volume_ratio'],
  bounds: { price_zscore: [3], volume_ratio: [5] },
  running: { value: 'price', mean: 'price_mean', deviation: 'price_stddev', score: 'price_zscore', limit: 3 },
  sql: `SELECT symbol, event_time, price, volume, price_mean, price_stddev, volume_mean, ${scores}
    FROM (${framed(statistics, '')})
    WHERE price_zscore > 3 OR volume_ratio > 5`,
};

/** First and last by event time, ties by arrival: one integer that orders both, so that no sort is needed. */
const arrival = `epoch_ms(event_time) % 86400000 * 1073741824 + file_row_number`;

const candles = (table: string, size: string): PeerQuery => ({
  table, key: ['symbol', 'window_start', 'window_end'], touchedBy: 'window',
  values: ['open_price', 'high_price', 'low_price', 'close_price', 'total_volume', 'trade_count'],
  sql: `SELECT symbol, ${windowStart(size)}, arg_min(price, ${arrival}) AS open_price, max(price) AS high_price, min(price) AS low_price,
      arg_max(price, ${arrival}) AS close_price, sum(volume)::BIGINT AS total_volume, count(*) AS trade_count
    ${trades} GROUP BY symbol, window_start`,
});

/** Sliding windows from panes of half a minute: ten times fewer rows than counting each trade into ten windows. */
const movingWindows = `SELECT symbol, pane - 30000 * step AS window_start, window_start + 300000 AS window_end, sum(total) / sum(count) AS ma,
    (max(high) - min(low)) / ma AS volatility
  FROM (
    SELECT symbol, epoch_ms(event_time) // 30000 * 30000 AS pane, sum(price) AS total, count(*) AS count, max(price) AS high, min(price) AS low
    ${trades} GROUP BY symbol, pane
  ), range(10) AS steps(step)
  GROUP BY symbol, window_start`;

const tradingDay: readonly PeerQuery[] = [
  vwap, candles('candles_1m', '1 minute'), candles('candles_5m', '5 minutes'), candles('candles_1h', '1 hour'),
  {
    table: 'moving_average', key: ['symbol', 'window_start', 'window_end'], values: ['ma', 'volatility'], touchedBy: 'window',
    sql: `SELECT symbol, epoch_ms(window_start) AS window_start, epoch_ms(window_end) AS window_end, ma, volatility FROM (${movingWindows})`,
  },
  {
    table: 'volatility_alerts', key: ['symbol', 'alert_type', 'window_end'], values: ['ma', 'volatility'], touchedBy: 'window', bounds: { volatility: [0.02] },
    sql: `SELECT symbol, 'HIGH_VOLATILITY' AS alert_type, ma, volatility, epoch_ms(window_end) AS window_end FROM (${movingWindows}) WHERE volatility > 0.02`,
  },
  {
    table: 'anomaly_alerts', key: ['symbol', 'event_time', 'price', 'volume', 'anomaly_type', 'severity'], touchedBy: 'frame',
    values: ['price_zscore', 'volume_ratio', 'spread_ratio'], bounds: { price_zscore: [2, 3], volume_ratio: [3, 5], spread_ratio: [2] },
    sql: `SELECT symbol, price, volume, event_time, anomaly_type, price_zscore, volume_ratio,
        CASE anomaly_type WHEN 'PRICE_SPIKE' THEN 'critical' WHEN 'COMBINED_ANOMALY' THEN 'high' ELSE 'warning' END AS severity, spread_ratio
      FROM (
        SELECT *, CASE WHEN price_zscore > 3 THEN 'PRICE_SPIKE' WHEN volume_ratio > 5 THEN 'VOLUME_SURGE'
          WHEN price_zscore > 2 AND volume_ratio > 3 THEN 'COMBINED_ANOMALY' WHEN spread_ratio > 2 THEN 'SPREAD_WIDENING' END AS anomaly_type
        FROM (SELECT *, ${scores}, (ask - bid) / nullif(spread_mean, 0) AS spread_ratio
          FROM (${framed(`${statistics}, avg(ask - bid) OVER five_minutes AS spread_mean`, `WHERE event_type = 'TRADE'`)}))
      ) WHERE anomaly_type IS NOT NULL`,
  },
];
