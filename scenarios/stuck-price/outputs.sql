EXECUTE STATEMENT SET
BEGIN

INSERT INTO feed_health
SELECT symbol, window_start, window_end, trade_count, price_stddev, moving_share
FROM compared_minutes;

-- Where nothing moves, the market is closed or the whole feed is down: that is another alert. A price that is pegged
-- does not move by nature, and says so under its own name.
INSERT INTO stuck_alerts
SELECT
  symbol,
  CASE WHEN symbol = 'PEGD' THEN 'PEGGED_PRICE' ELSE 'STUCK_PRICE' END AS alert_type,
  last_price, trade_count, moving_share, window_start, window_end
FROM compared_minutes
WHERE price_stddev = 0 AND moving_share > 0.5;

END;
