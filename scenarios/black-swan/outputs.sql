EXECUTE STATEMENT SET
BEGIN

INSERT INTO event_rates
SELECT second_start, second_end, events, trades, behind, behind_most
FROM seconds;

INSERT INTO venue_rates
SELECT
  exchange, window_start, window_end,
  COUNT(*),
  COUNT(*) FILTER (WHERE seconds_behind >= 1),
  MAX(seconds_behind)
FROM TABLE(TUMBLE(TABLE arrivals, DESCRIPTOR(event_time), INTERVAL '1' MINUTE))
GROUP BY exchange, window_start, window_end;

-- Four times the usual, and enough events not to be the accident of a quiet hour.
INSERT INTO rate_alerts
SELECT
  'BURST', window_start, window_end, events, most_in_second, usual_events,
  events / usual_events AS rate_ratio,
  CAST(behind AS DOUBLE) / events AS behind_share
FROM compared_rates
WHERE events > 4 * usual_events AND events >= 500;

END;
