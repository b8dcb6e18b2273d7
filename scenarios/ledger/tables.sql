-- Where the tape and the changes of the ledger come from and where the results go. In replay the connectors are not used:
-- sources are bound to datasets, sinks to the run bundle.

CREATE TABLE market_data_raw (
  symbol STRING NOT NULL,
  price DOUBLE,
  volume BIGINT,
  event_time TIMESTAMP(3),
  event_type STRING,
  -- Commits are instants, and so are trades that meet them; Avro's have no zone. Theirs is SET 'table.local-time-zone', UTC.
  traded_at AS CAST(event_time AS TIMESTAMP_LTZ(3)),
  WATERMARK FOR traded_at AS traded_at - INTERVAL '5' SECOND
) WITH (
  'connector' = 'kafka',
  'topic' = 'market-data-raw',
  'properties.bootstrap.servers' = 'kafka:9092',
  'properties.group.id' = 'ledger',
  'scan.startup.mode' = 'latest-offset',
  'key.format' = 'raw',
  'key.fields' = 'symbol',
  'format' = 'avro-confluent',
  'avro-confluent.url' = 'http://schema-registry:8081'
);

CREATE TABLE orders (
  order_id BIGINT,
  account_id INT NOT NULL,
  symbol STRING NOT NULL,
  side STRING,
  quantity BIGINT,
  filled_quantity BIGINT,
  limit_price DECIMAL(18, 4),
  status STRING NOT NULL,
  committed_at TIMESTAMP_LTZ(3) METADATA FROM 'value.source.timestamp' VIRTUAL,
  WATERMARK FOR committed_at AS committed_at,
  PRIMARY KEY (order_id) NOT ENFORCED
) WITH (
  'connector' = 'kafka',
  'topic' = 'dbz.cdc.orders',
  'properties.bootstrap.servers' = 'kafka:9092',
  'properties.group.id' = 'ledger',
  'scan.startup.mode' = 'earliest-offset',
  'format' = 'debezium-json'
);

CREATE TABLE transactions (
  id BIGINT,
  tx_ref STRING NOT NULL,
  account_id INT NOT NULL,
  order_id BIGINT,
  amount DECIMAL(20, 4),
  kind STRING NOT NULL,
  committed_at TIMESTAMP_LTZ(3) METADATA FROM 'value.source.timestamp' VIRTUAL,
  WATERMARK FOR committed_at AS committed_at,
  PRIMARY KEY (id) NOT ENFORCED
) WITH (
  'connector' = 'kafka',
  'topic' = 'dbz.cdc.transactions',
  'properties.bootstrap.servers' = 'kafka:9092',
  'properties.group.id' = 'ledger',
  'scan.startup.mode' = 'earliest-offset',
  'format' = 'debezium-json'
);

CREATE TABLE positions (
  account_id INT,
  symbol STRING,
  quantity BIGINT,
  committed_at TIMESTAMP_LTZ(3) METADATA FROM 'value.source.timestamp' VIRTUAL,
  WATERMARK FOR committed_at AS committed_at,
  PRIMARY KEY (account_id, symbol) NOT ENFORCED
) WITH (
  'connector' = 'kafka',
  'topic' = 'dbz.cdc.positions',
  'properties.bootstrap.servers' = 'kafka:9092',
  'properties.group.id' = 'ledger',
  'scan.startup.mode' = 'earliest-offset',
  'format' = 'debezium-json'
);

CREATE TABLE account_balances (
  account_id INT,
  balance DECIMAL(20, 4),
  committed_at TIMESTAMP_LTZ(3) METADATA FROM 'value.source.timestamp' VIRTUAL,
  WATERMARK FOR committed_at AS committed_at,
  PRIMARY KEY (account_id) NOT ENFORCED
) WITH (
  'connector' = 'kafka',
  'topic' = 'dbz.cdc.account_balances',
  'properties.bootstrap.servers' = 'kafka:9092',
  'properties.group.id' = 'ledger',
  'scan.startup.mode' = 'earliest-offset',
  'format' = 'debezium-json'
);

CREATE TABLE exposures (
  account_id INT,
  symbol STRING,
  quantity BIGINT,
  price DECIMAL(18, 4),
  exposure DECIMAL(38, 4),
  PRIMARY KEY (account_id, symbol) NOT ENFORCED
) WITH (
  'connector' = 'jdbc',
  'url' = 'jdbc:postgresql://timescaledb:5432/market',
  'table-name' = 'exposures'
);

CREATE TABLE exposure_minutes (
  account_id INT,
  symbol STRING,
  minute_end TIMESTAMP_LTZ(3),
  quantity BIGINT,
  price DECIMAL(18, 4),
  exposure DECIMAL(38, 4),
  exposure_limit DECIMAL(38, 4),
  PRIMARY KEY (account_id, symbol, minute_end) NOT ENFORCED
) WITH (
  'connector' = 'jdbc',
  'url' = 'jdbc:postgresql://timescaledb:5432/market',
  'table-name' = 'exposure_minutes'
);

CREATE TABLE account_summaries (
  account_id INT,
  balance DECIMAL(38, 4),
  net_exposure DECIMAL(38, 4),
  gross_exposure DECIMAL(38, 4),
  equity DECIMAL(38, 4),
  PRIMARY KEY (account_id) NOT ENFORCED
) WITH (
  'connector' = 'jdbc',
  'url' = 'jdbc:postgresql://timescaledb:5432/market',
  'table-name' = 'account_summaries'
);

CREATE TABLE order_book (
  status STRING,
  order_count BIGINT,
  open_quantity BIGINT,
  PRIMARY KEY (status) NOT ENFORCED
) WITH (
  'connector' = 'jdbc',
  'url' = 'jdbc:postgresql://timescaledb:5432/market',
  'table-name' = 'order_book'
);

CREATE TABLE ledger_totals (
  ledger STRING,
  accounts BIGINT,
  total_balance DECIMAL(38, 4),
  PRIMARY KEY (ledger) NOT ENFORCED
) WITH (
  'connector' = 'jdbc',
  'url' = 'jdbc:postgresql://timescaledb:5432/market',
  'table-name' = 'ledger_totals'
);

CREATE TABLE risk_reviews (
  account_id INT,
  symbol STRING,
  event_time TIMESTAMP_LTZ(3),
  anomaly_type STRING,
  severity STRING,
  channel STRING,
  quantity BIGINT,
  price DOUBLE,
  exposure DOUBLE
) WITH (
  'connector' = 'kafka',
  'topic' = 'risk-reviews',
  'properties.bootstrap.servers' = 'kafka:9092',
  'format' = 'json'
);

CREATE TABLE balance_violations (
  total_balance DECIMAL(38, 4)
) WITH (
  'connector' = 'kafka',
  'topic' = 'ledger-violations',
  'properties.bootstrap.servers' = 'kafka:9092',
  'format' = 'debezium-json'
);

CREATE TABLE leg_violations (
  tx_ref STRING,
  legs BIGINT,
  amount DECIMAL(38, 4),
  PRIMARY KEY (tx_ref) NOT ENFORCED
) WITH (
  'connector' = 'jdbc',
  'url' = 'jdbc:postgresql://timescaledb:5432/market',
  'table-name' = 'leg_violations'
);

CREATE TABLE booking_violations (
  account_id INT,
  balance DECIMAL(38, 4),
  booked DECIMAL(38, 4),
  PRIMARY KEY (account_id) NOT ENFORCED
) WITH (
  'connector' = 'jdbc',
  'url' = 'jdbc:postgresql://timescaledb:5432/market',
  'table-name' = 'booking_violations'
);

CREATE TABLE share_violations (
  symbol STRING,
  quantity BIGINT,
  PRIMARY KEY (symbol) NOT ENFORCED
) WITH (
  'connector' = 'jdbc',
  'url' = 'jdbc:postgresql://timescaledb:5432/market',
  'table-name' = 'share_violations'
);
