EXECUTE STATEMENT SET
BEGIN

INSERT INTO vwap_1m
SELECT
  symbol,
  window_start,
  window_end,
  SUM(price * volume) / SUM(volume) AS vwap,
  SUM(volume) AS total_volume,
  COUNT(*) AS trade_count,
  MAX(price) AS high_price,
  MIN(price) AS low_price
FROM TABLE(TUMBLE(TABLE trades, DESCRIPTOR(event_time), INTERVAL '1' MINUTE))
GROUP BY symbol, window_start, window_end;

INSERT INTO candles_1m
SELECT
  symbol, window_start, window_end,
  FIRST_VALUE(price), MAX(price), MIN(price), LAST_VALUE(price), SUM(volume), COUNT(*)
FROM TABLE(TUMBLE(TABLE trades, DESCRIPTOR(event_time), INTERVAL '1' MINUTE))
GROUP BY symbol, window_start, window_end;

INSERT INTO candles_5m
SELECT
  symbol, window_start, window_end,
  FIRST_VALUE(price), MAX(price), MIN(price), LAST_VALUE(price), SUM(volume), COUNT(*)
FROM TABLE(TUMBLE(TABLE trades, DESCRIPTOR(event_time), INTERVAL '5' MINUTE))
GROUP BY symbol, window_start, window_end;

INSERT INTO candles_1h
SELECT
  symbol, window_start, window_end,
  FIRST_VALUE(price), MAX(price), MIN(price), LAST_VALUE(price), SUM(volume), COUNT(*)
FROM TABLE(TUMBLE(TABLE trades, DESCRIPTOR(event_time), INTERVAL '1' HOUR))
GROUP BY symbol, window_start, window_end;

INSERT INTO moving_average
SELECT symbol, window_start, window_end, ma, volatility
FROM moving_windows;

INSERT INTO volatility_alerts
SELECT symbol, 'HIGH_VOLATILITY', ma, volatility, window_end
FROM moving_windows
WHERE volatility > 0.02;

INSERT INTO anomaly_alerts
SELECT
  symbol,
  price,
  volume,
  event_time,
  anomaly_type,
  price_zscore,
  volume_ratio,
  CASE anomaly_type
    WHEN 'PRICE_SPIKE' THEN 'critical'
    WHEN 'COMBINED_ANOMALY' THEN 'high'
    ELSE 'warning'
  END AS severity,
  spread_ratio
FROM classified_trades
WHERE anomaly_type IS NOT NULL;

END;
