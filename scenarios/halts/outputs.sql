INSERT INTO anomaly_alerts
SELECT symbol, event_time, anomaly_type, price, volume, price_zscore, volume_ratio, spread_ratio, CAST(NULL AS DOUBLE)
FROM classified_trades
WHERE anomaly_type IS NOT NULL
UNION ALL
SELECT
  symbol, window_time, 'HIGH_VOLATILITY',
  CAST(NULL AS DOUBLE), CAST(NULL AS BIGINT), CAST(NULL AS DOUBLE), CAST(NULL AS DOUBLE), CAST(NULL AS DOUBLE), volatility
FROM volatile_windows
WHERE volatility > 0.02;
