EXECUTE STATEMENT SET
BEGIN

INSERT INTO exposures
SELECT account_id, symbol, quantity, price, exposure
FROM marked_positions;

-- The same over the day, as of the end of each minute, beside what an account may have in a symbol.
INSERT INTO exposure_minutes
SELECT a.account_id, a.symbol, a.window_time, p.quantity, a.price, p.quantity * a.price, 250000
FROM account_prices AS a
JOIN positions FOR SYSTEM_TIME AS OF a.window_time AS p ON a.account_id = p.account_id AND a.symbol = p.symbol;

INSERT INTO account_summaries
SELECT b.account_id, b.balance, e.net_exposure, e.gross_exposure, b.balance + e.net_exposure
FROM account_balances AS b
JOIN account_exposures AS e ON b.account_id = e.account_id;

INSERT INTO order_book
SELECT status, COUNT(*), SUM(quantity - filled_quantity)
FROM orders
GROUP BY status;

INSERT INTO ledger_totals
SELECT 'ledger', COUNT(*), SUM(balance)
FROM account_balances;

-- Whoever has more than 250,000 dollars in the symbol, long or short, as it was committed when the anomaly happened.
INSERT INTO risk_reviews
SELECT
  a.account_id, a.symbol, a.event_time, 'COMBINED_ANOMALY', 'high', 'risk-desk',
  p.quantity, a.price, p.quantity * a.price
FROM account_anomalies AS a
JOIN positions FOR SYSTEM_TIME AS OF a.event_time AS p ON a.account_id = p.account_id AND a.symbol = p.symbol
WHERE ABS(p.quantity * a.price) > 250000;

-- What must hold whenever a transaction ends: four outputs that stay without a row.
INSERT INTO balance_violations
SELECT total_balance
FROM (SELECT SUM(balance) AS total_balance FROM account_balances)
WHERE total_balance <> 4000000;

INSERT INTO leg_violations
SELECT tx_ref, COUNT(*), SUM(amount)
FROM transactions
WHERE kind IN ('TRADE', 'TRANSFER')
GROUP BY tx_ref
HAVING COUNT(*) <> 2 OR SUM(amount) <> 0;

INSERT INTO booking_violations
SELECT b.account_id, b.balance, t.booked
FROM account_balances AS b
JOIN (SELECT account_id, SUM(amount) AS booked FROM transactions GROUP BY account_id) AS t ON b.account_id = t.account_id
WHERE b.balance <> 250000 + t.booked;

INSERT INTO share_violations
SELECT symbol, SUM(quantity)
FROM positions
GROUP BY symbol
HAVING SUM(quantity) <> 8000;

END;
