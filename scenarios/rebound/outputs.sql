EXECUTE STATEMENT SET
BEGIN

INSERT INTO candles_1m
SELECT
  symbol, window_start, window_end,
  FIRST_VALUE(price), MAX(price), MIN(price), LAST_VALUE(price), SUM(volume), COUNT(*)
FROM TABLE(TUMBLE(TABLE trades, DESCRIPTOR(event_time), INTERVAL '1' MINUTE))
GROUP BY symbol, window_start, window_end;

INSERT INTO rebound_alerts
SELECT
  symbol, 'REBOUND', top_time, fall_time, back_time, top_price, low_price, back_price,
  (top_price - low_price) / top_price, row_count
FROM rebounds;

INSERT INTO rebounds_by_hour
SELECT window_start, window_end, COUNT(*), MAX((top_price - low_price) / top_price)
FROM TABLE(TUMBLE(TABLE rebounds, DESCRIPTOR(certain_time), INTERVAL '1' HOUR))
GROUP BY window_start, window_end;

END;
