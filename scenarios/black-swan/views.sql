-- How many seconds each event lies behind the newest one before it: in replay this is its disorder, and the same on
-- every run; on a cluster the clock is the machine's, and it is the delay of the whole feed.
CREATE TEMPORARY VIEW arrivals AS
SELECT
  exchange,
  event_type,
  event_time,
  TIMESTAMPDIFF(SECOND, event_time, LOCALTIMESTAMP) AS seconds_behind
FROM market_data_raw;

CREATE TEMPORARY VIEW seconds AS
SELECT
  window_start AS second_start,
  window_end AS second_end,
  window_time AS second_time,
  COUNT(*) AS events,
  COUNT(*) FILTER (WHERE event_type = 'TRADE') AS trades,
  COUNT(*) FILTER (WHERE seconds_behind >= 1) AS behind,
  MAX(seconds_behind) AS behind_most
FROM TABLE(TUMBLE(TABLE arrivals, DESCRIPTOR(event_time), INTERVAL '1' SECOND))
GROUP BY window_start, window_end, window_time;

CREATE TEMPORARY VIEW ten_seconds AS
SELECT
  window_start,
  window_end,
  window_time,
  SUM(events) AS events,
  MAX(events) AS most_in_second,
  SUM(behind) AS behind
FROM TABLE(TUMBLE(TABLE seconds, DESCRIPTOR(second_time), INTERVAL '10' SECOND))
GROUP BY window_start, window_end, window_time;

-- What was usual in the five minutes up to it.
CREATE TEMPORARY VIEW compared_rates AS
SELECT
  window_start,
  window_end,
  events,
  most_in_second,
  behind,
  AVG(CAST(events AS DOUBLE)) OVER (
    ORDER BY window_time
    RANGE BETWEEN INTERVAL '5' MINUTE PRECEDING AND CURRENT ROW
  ) AS usual_events
FROM ten_seconds;
