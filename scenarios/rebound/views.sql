CREATE TEMPORARY VIEW trades AS
SELECT symbol, price, volume, event_time
FROM market_data_raw
WHERE event_type = 'TRADE';

-- What a symbol is worth at each row: what was paid, or the middle of what is bid and asked. Where trades are rare it is
-- the quotes that come back.
CREATE TEMPORARY VIEW prices AS
SELECT symbol, CASE WHEN event_type = 'TRADE' THEN price ELSE (bid + ask) / 2 END AS price, event_time
FROM market_data_raw
WHERE event_type = 'TRADE' OR event_type = 'QUOTE';

-- A fall of 1 % from one row, and the way back up to 0.2 % below it, within a minute. Rows on the way down lie between
-- the two, those after the fall below the upper one: no row can be of two variables, and a price that comes back before
-- it has fallen is no rebound.
CREATE TEMPORARY VIEW rebounds AS
SELECT symbol, top_time, fall_time, back_time, top_price, low_price, back_price, row_count, certain_time
FROM prices
MATCH_RECOGNIZE (
  PARTITION BY symbol
  ORDER BY event_time
  MEASURES
    TOP.event_time AS top_time,
    FELL.event_time AS fall_time,
    BACK.event_time AS back_time,
    TOP.price AS top_price,
    MIN(price) AS low_price,
    BACK.price AS back_price,
    COUNT(price) AS row_count,
    MATCH_ROWTIME() AS certain_time
  ONE ROW PER MATCH
  AFTER MATCH SKIP PAST LAST ROW
  PATTERN (TOP SLIDE* FELL CLIMB* BACK) WITHIN INTERVAL '1' MINUTE
  DEFINE
    SLIDE AS SLIDE.price < TOP.price AND SLIDE.price > TOP.price * 0.99,
    FELL AS FELL.price <= TOP.price * 0.99,
    CLIMB AS CLIMB.price < TOP.price * 0.998,
    BACK AS BACK.price >= TOP.price * 0.998
);
