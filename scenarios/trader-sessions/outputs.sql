EXECUTE STATEMENT SET
BEGIN

-- The session's end is a gap after its last trade.
INSERT INTO trader_sessions
SELECT
  trader, session_start, session_end, trade_count, symbol_count, total_volume, turnover, largest,
  TIMESTAMPDIFF(SECOND, session_start, session_end) - 600 AS at_work
FROM sessions;

INSERT INTO session_gaps
SELECT trader, '2 minutes', window_start, window_end, COUNT(*)
FROM TABLE(SESSION(TABLE trades PARTITION BY trader, DESCRIPTOR(event_time), INTERVAL '2' MINUTE))
GROUP BY trader, window_start, window_end;

INSERT INTO session_gaps
SELECT trader, '10 minutes', session_start, session_end, trade_count
FROM sessions;

INSERT INTO session_gaps
SELECT trader, '1 hour', window_start, window_end, COUNT(*)
FROM TABLE(SESSION(TABLE trades PARTITION BY trader, DESCRIPTOR(event_time), INTERVAL '1' HOUR))
GROUP BY trader, window_start, window_end;

-- One trade that is more than half of what twenty and more came to.
INSERT INTO lopsided_sessions
SELECT trader, session_start, session_end, trade_count, turnover, largest / turnover
FROM sessions
WHERE trade_count >= 20 AND largest > 0.5 * turnover;

END;
