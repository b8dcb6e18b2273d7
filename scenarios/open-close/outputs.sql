EXECUTE STATEMENT SET
BEGIN

INSERT INTO venue_phases
SELECT exchange, window_start, window_end, fired_by, trade_count, symbol_count, total_volume, turnover
FROM firings;

-- The trade that halts is the last of its window, and the furthest from its mean.
INSERT INTO venue_halts
SELECT exchange, last_symbol, rowtime, greatest_zscore, trade_count
FROM firings
WHERE fired_by = 'HALT';

END;
