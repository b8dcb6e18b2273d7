EXECUTE STATEMENT SET
BEGIN

INSERT INTO sliding_volatility
SELECT symbol, sliding_start, sliding_end, ma, volatility
FROM sliding_windows;

INSERT INTO tumbling_volatility
SELECT symbol, tumbling_start, tumbling_end, ma, volatility
FROM tumbling_windows;

INSERT INTO sliding_alerts
SELECT symbol, 'HIGH_VOLATILITY', ma, volatility, sliding_end
FROM sliding_windows
WHERE volatility > 0.02;

INSERT INTO tumbling_alerts
SELECT symbol, 'HIGH_VOLATILITY', ma, volatility, tumbling_end
FROM tumbling_windows
WHERE volatility > 0.02;

-- The first alert of each kind within the hour, and how much later the windows that lie back to back had theirs.
INSERT INTO alert_delays
SELECT
  symbol, window_start, window_end,
  MIN(sliding_raised) AS sliding_first,
  MIN(tumbling_raised) AS tumbling_first,
  TIMESTAMPDIFF(SECOND, MIN(sliding_raised), MIN(tumbling_raised)) AS seconds_later
FROM TABLE(TUMBLE(TABLE raised_alerts, DESCRIPTOR(raised_at), INTERVAL '1' HOUR))
GROUP BY symbol, window_start, window_end;

END;
