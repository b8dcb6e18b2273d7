EXECUTE STATEMENT SET
BEGIN

INSERT INTO bars_1s
SELECT symbol, window_start, window_end, open_price, high_price, low_price, close_price, mean_spread, quote_count
FROM second_bars;

INSERT INTO bars_1m
SELECT symbol, window_start, window_end, open_price, high_price, low_price, close_price, mean_spread, quote_count
FROM minute_bars;

-- A spread counts against five minutes, a price and a burst of quotes against half an hour, once enough of it is there.
-- A release moves price and quotes together; a thin symbol's range alone may be an accident.
INSERT INTO release_alerts
SELECT symbol, 'SPREAD_WIDENING', window_end, mean_spread, usual_spread, mean_spread / usual_spread
FROM compared_seconds
WHERE mean_spread > 2 * usual_spread AND bars >= 30
UNION ALL
SELECT symbol, 'PRICE_MOVE', window_end, price_range, usual_range, price_range / usual_range
FROM compared_minutes
WHERE price_range > 4 * usual_range AND quote_count > 4 * usual_count AND quote_count >= 60 AND bars >= 10
UNION ALL
SELECT symbol, 'BURST', window_end, CAST(quote_count AS DOUBLE), usual_count, quote_count / usual_count
FROM compared_minutes
WHERE quote_count > 6 * usual_count AND bars >= 10;

END;
