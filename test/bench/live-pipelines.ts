/** The pipelines of the live bench, as text for a topic. */

const source = (topic: string): string => `CREATE TABLE market_data_raw (
  symbol STRING, price DOUBLE, volume BIGINT, bid DOUBLE, ask DOUBLE, event_time TIMESTAMP(3), exchange STRING, event_type STRING,
  WATERMARK FOR event_time AS event_time - INTERVAL '5' SECOND
) WITH ('connector' = 'kafka', 'topic' = '${topic}', 'format' = 'avro-confluent', 'key.format' = 'raw', 'key.fields' = 'symbol');
`;

export type LivePipeline = 'vwap_1m' | 'anomalies' | 'filter';

const sinks: Readonly<Record<LivePipeline, (output: string) => string>> = {
  vwap_1m: (output) => `CREATE TABLE vwap_1m (
  symbol STRING, window_start TIMESTAMP(3), window_end TIMESTAMP(3), vwap DOUBLE, total_volume BIGINT, trade_count BIGINT, high_price DOUBLE, low_price DOUBLE
) WITH ('connector' = 'kafka', 'topic' = '${output}', 'format' = 'json');
INSERT INTO vwap_1m
SELECT symbol, window_start, window_end, SUM(price * volume) / SUM(volume), SUM(volume), COUNT(*), MAX(price), MIN(price)
FROM TABLE(TUMBLE(TABLE (SELECT * FROM market_data_raw WHERE event_type = 'TRADE'), DESCRIPTOR(event_time), INTERVAL '1' MINUTE))
GROUP BY symbol, window_start, window_end;
`,
  anomalies: (output) => `CREATE TABLE anomalies (
  symbol STRING, event_time TIMESTAMP(3), price DOUBLE, volume BIGINT, price_zscore DOUBLE, volume_ratio DOUBLE
) WITH ('connector' = 'kafka', 'topic' = '${output}', 'format' = 'json');
INSERT INTO anomalies
SELECT * FROM (
  SELECT symbol, event_time, price, volume, ABS(price - price_mean) / NULLIF(price_stddev, 0) AS price_zscore, volume / NULLIF(volume_mean, 0) AS volume_ratio
  FROM (
    SELECT symbol, event_time, price, volume, AVG(price) OVER w AS price_mean, STDDEV_POP(price) OVER w AS price_stddev, AVG(CAST(volume AS DOUBLE)) OVER w AS volume_mean
    FROM market_data_raw
    WINDOW w AS (PARTITION BY symbol ORDER BY event_time RANGE BETWEEN INTERVAL '5' MINUTE PRECEDING AND CURRENT ROW)
  )
)
WHERE price_zscore > 3 OR volume_ratio > 5;
`,
  filter: (output) => `CREATE TABLE large_trades (
  symbol STRING, event_time TIMESTAMP(3), price DOUBLE, volume BIGINT
) WITH ('connector' = 'kafka', 'topic' = '${output}', 'format' = 'json');
INSERT INTO large_trades SELECT symbol, event_time, price, volume FROM market_data_raw WHERE volume >= 900;
`,
};

export const pipelineText = (name: LivePipeline, topic: string, output: string): string => source(topic) + sinks[name](output);
