-- Each symbol against the whole market: for that all symbols must meet in one place, which is one lane.

CREATE TABLE market_minutes (
  window_start TIMESTAMP(3),
  window_end TIMESTAMP(3),
  symbols BIGINT,
  total_volume BIGINT,
  top_share DOUBLE,
  concentration DOUBLE,
  PRIMARY KEY (window_start) NOT ENFORCED
) WITH (
  'connector' = 'jdbc',
  'url' = 'jdbc:postgresql://timescaledb:5432/market',
  'table-name' = 'market_minutes'
);

CREATE TABLE symbol_days (
  symbol STRING,
  window_start TIMESTAMP(3),
  window_end TIMESTAMP(3),
  events BIGINT,
  total_volume BIGINT,
  event_share DOUBLE,
  volume_share DOUBLE,
  PRIMARY KEY (symbol, window_start) NOT ENFORCED
) WITH (
  'connector' = 'jdbc',
  'url' = 'jdbc:postgresql://timescaledb:5432/market',
  'table-name' = 'symbol_days'
);

CREATE TABLE hot_alerts (
  symbol STRING,
  alert_type STRING,
  window_start TIMESTAMP(3),
  window_end TIMESTAMP(3),
  total_volume BIGINT,
  volume_share DOUBLE,
  usual_share DOUBLE
) WITH (
  'connector' = 'kafka',
  'topic' = 'hot-alerts',
  'properties.bootstrap.servers' = 'kafka:9092',
  'format' = 'json'
);

-- The minute's whole volume beside each symbol: all its rows are peers, as their windows end together.
CREATE TEMPORARY VIEW shared_minutes AS
SELECT
  symbol,
  minute_start,
  minute_end,
  minute_time,
  total_volume,
  SUM(total_volume) OVER together AS market_volume,
  CAST(total_volume AS DOUBLE) / NULLIF(SUM(total_volume) OVER together, 0) AS volume_share
FROM minutes
WINDOW together AS (
  ORDER BY minute_time
  RANGE BETWEEN INTERVAL '1' SECOND PRECEDING AND CURRENT ROW
);

-- What was usual in the half hour up to it.
CREATE TEMPORARY VIEW compared_minutes AS
SELECT
  symbol,
  minute_start,
  minute_end,
  total_volume,
  market_volume,
  volume_share,
  AVG(volume_share) OVER half_hour AS usual_share
FROM shared_minutes
WINDOW half_hour AS (
  PARTITION BY symbol
  ORDER BY minute_time
  RANGE BETWEEN INTERVAL '30' MINUTE PRECEDING AND CURRENT ROW
);

-- Days of New York, which begin at 05:00 UTC in winter.
CREATE TEMPORARY VIEW days AS
SELECT
  symbol,
  window_start AS day_start,
  window_end AS day_end,
  window_time AS day_time,
  SUM(events) AS events,
  SUM(total_volume) AS total_volume
FROM TABLE(TUMBLE(TABLE minutes, DESCRIPTOR(minute_time), INTERVAL '1' DAY, INTERVAL '5' HOUR))
GROUP BY symbol, window_start, window_end, window_time;

EXECUTE STATEMENT SET
BEGIN

-- The hottest symbol's share, and the sum of the squared shares: 1 where one symbol is all there is, 0.002 if all 500
-- were the same.
INSERT INTO market_minutes
SELECT
  window_start, window_end,
  COUNT(*),
  SUM(total_volume),
  MAX(volume_share),
  SUM(volume_share * volume_share)
FROM TABLE(TUMBLE(TABLE shared_minutes, DESCRIPTOR(minute_time), INTERVAL '1' MINUTE))
GROUP BY window_start, window_end;

INSERT INTO symbol_days
SELECT
  symbol, day_start, day_end, events, total_volume,
  CAST(events AS DOUBLE) / SUM(events) OVER together,
  CAST(total_volume AS DOUBLE) / SUM(total_volume) OVER together
FROM days
WINDOW together AS (
  ORDER BY day_time
  RANGE BETWEEN INTERVAL '1' SECOND PRECEDING AND CURRENT ROW
);

-- A fifth of the whole market, and five times as much as its own share usually is.
INSERT INTO hot_alerts
SELECT symbol, 'HOT_SYMBOL', minute_start, minute_end, total_volume, volume_share, usual_share
FROM compared_minutes
WHERE volume_share > 0.2 AND volume_share > 5 * usual_share AND total_volume >= 10000;

END;
