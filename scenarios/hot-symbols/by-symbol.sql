-- What each symbol did in each minute. Only this part has the symbol in all its keys, so that it is what lanes can divide.
CREATE TABLE market_data_raw (
  symbol STRING NOT NULL,
  price DOUBLE,
  volume BIGINT,
  bid DOUBLE,
  ask DOUBLE,
  event_time TIMESTAMP(3),
  exchange STRING,
  event_type STRING,
  WATERMARK FOR event_time AS event_time - INTERVAL '5' SECOND
) WITH (
  'connector' = 'kafka',
  'topic' = 'market-data-raw',
  'properties.bootstrap.servers' = 'kafka:9092',
  'properties.group.id' = 'hot-symbols',
  'scan.startup.mode' = 'latest-offset',
  'key.format' = 'raw',
  'key.fields' = 'symbol',
  'format' = 'avro-confluent',
  'avro-confluent.url' = 'http://schema-registry:8081'
);

CREATE TABLE symbol_minutes (
  symbol STRING,
  window_start TIMESTAMP(3),
  window_end TIMESTAMP(3),
  events BIGINT,
  trade_count BIGINT,
  total_volume BIGINT,
  PRIMARY KEY (symbol, window_start) NOT ENFORCED
) WITH (
  'connector' = 'jdbc',
  'url' = 'jdbc:postgresql://timescaledb:5432/market',
  'table-name' = 'symbol_minutes'
);

CREATE TEMPORARY VIEW minutes AS
SELECT
  symbol,
  window_start AS minute_start,
  window_end AS minute_end,
  window_time AS minute_time,
  COUNT(*) AS events,
  COUNT(*) FILTER (WHERE event_type = 'TRADE') AS trade_count,
  SUM(CASE WHEN event_type = 'TRADE' THEN volume ELSE 0 END) AS total_volume
FROM TABLE(TUMBLE(TABLE market_data_raw, DESCRIPTOR(event_time), INTERVAL '1' MINUTE))
GROUP BY symbol, window_start, window_end, window_time;

INSERT INTO symbol_minutes
SELECT symbol, minute_start, minute_end, events, trade_count, total_volume
FROM minutes;
