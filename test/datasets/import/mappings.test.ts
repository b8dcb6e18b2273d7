/** What each vendor publishes, in a few rows as its documentation has them, and what becomes of it. */
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { openDuck, textRows } from '../../../src/sources/duck.js';
import { quoteText } from '../../../src/sources/quote.js';
import { directoryFor } from '../../stores/directory.js';
import { filesIn, gzip, imported, importFiles, rowsOf, zip, type Flags } from './importing.js';

interface Example {
  readonly title: string;
  readonly name: string;
  readonly lines: readonly string[];
  readonly flags?: Flags;
  readonly mapping: string;
  readonly rows: readonly string[];
  readonly leftOut?: Readonly<Record<string, number>>;
}

const newYork = { 'time-zone': 'America/New_York' };

const examples: readonly Example[] = [
  {
    title: 'Binance spot trades: no header, microseconds from 2025 on', name: 'BTCUSDT-trades-2025-01-01.csv', mapping: 'binance-trades', flags: { 'size-scale': '1e8' },
    lines: ['4359799679,93576.00000000,0.00053000,49.59528000,1735689600010866,False,True', '4359799680,93576.01000000,0.10000000,9357.60100000,1735689600122999,True,True'],
    rows: ['BTCUSDT 93576.0 53000 - - 2025-01-01T00:00:00.010 BINANCE TRADE', 'BTCUSDT 93576.01 10000000 - - 2025-01-01T00:00:00.122 BINANCE TRADE'],
  },
  {
    title: 'Binance futures trades: a header', name: 'ETHUSDT-trades-2024-05-31.csv', mapping: 'binance-trades', flags: { 'size-scale': '1000' },
    lines: ['id,price,qty,quote_qty,time,is_buyer_maker', '5053880937,68402.6,0.024,1641.6624,1717113600031,false'],
    rows: ['ETHUSDT 68402.6 24 - - 2024-05-31T00:00:00.031 BINANCE_USDM TRADE'],
  },
  {
    title: 'Binance aggregated trades', name: 'BTCUSDT-aggTrades-2023-06-22.csv', mapping: 'binance-agg-trades', flags: { 'size-scale': '1e3' },
    lines: ['100,50000.5,0.010,200,201,1687392000123,true', '101,50000.0,0.020,202,204,1687392000456,false'],
    rows: ['BTCUSDT 50000.5 10 - - 2023-06-22T00:00:00.123 BINANCE TRADE', 'BTCUSDT 50000.0 20 - - 2023-06-22T00:00:00.456 BINANCE TRADE'],
  },
  {
    title: 'Binance best bids and offers', name: 'ETHUSDT-bookTicker-2023-05-16.csv', mapping: 'binance-book-ticker', flags: { 'size-scale': '1e3' },
    lines: ['update_id,best_bid_price,best_bid_qty,best_ask_price,best_ask_qty,transaction_time,event_time', '2849995377933,1817.70000000,139.31200000,1817.71000000,25.05800000,1684237787203,1684237787207'],
    rows: ['ETHUSDT 1817.705 164370 1817.7 1817.71 2023-05-16T11:49:47.203 BINANCE BBO'],
  },
  {
    title: 'a capture of Binance: what is no trade and no best bid and offer is left out and counted', name: 'capture.jsonl', mapping: 'binance-capture',
    lines: [
      '{"result":null,"id":1}',
      '1723161256419684465 {"stream":"btcusdt@trade","data":{"e":"trade","E":1723161257687,"T":1723161257679,"s":"BTCUSDT","t":849714402,"p":"61804.8","q":"4","X":"MARKET","m":false}}',
      '1723161256419684466 {"stream":"btcusdt@depth","data":{"e":"depthUpdate","E":1723161257688,"T":1723161257680,"s":"BTCUSDT","b":[["1","2"]],"a":[]}}',
      '{"e":"bookTicker","u":1007198632021,"s":"BTCUSDT","b":"61804.7","B":"35","a":"61804.8","A":"1645","T":1723161257465,"E":1723161257476}',
    ],
    rows: ['BTCUSDT 61804.75 1680 61804.7 61804.8 2024-08-08T23:54:17.465 BINANCE_USDM BBO', 'BTCUSDT 61804.8 4 - - 2024-08-08T23:54:17.679 BINANCE_USDM TRADE'],
    leftOut: { 'no market event': 1, 'depthUpdate events': 1 },
  },
  {
    title: 'Databento trades with pretty prices and times', name: 'xnys-trades-20230929.trades.csv', mapping: 'databento',
    lines: [
      'ts_recv,ts_event,rtype,publisher_id,instrument_id,action,side,depth,price,size,flags,ts_in_delta,sequence,symbol',
      '2023-09-29T12:00:00.214918077Z,2023-09-29T12:00:00.212984608Z,0,19,12497,T,N,0,32.200000000,2,130,206593,11440,PFE',
    ],
    rows: ['PFE 32.2 2 - - 2023-09-29T12:00:00.212 XNYS.TRADES TRADE'],
  },
  {
    title: 'Databento mbp-1 with raw prices: billionths, and the greatest integer for none', name: 'glbx-mdp3-20201228.mbp-1.csv', mapping: 'databento', flags: { symbol: 'ESH1' },
    lines: [
      'ts_recv,ts_event,rtype,publisher_id,instrument_id,action,side,depth,price,size,flags,ts_in_delta,sequence,bid_px_00,ask_px_00,bid_sz_00,ask_sz_00,bid_ct_00,ask_ct_00',
      '1609160400006136329,1609160400006001487,1,1,5482,A,A,0,3720500000000,1,128,17214,1170362,3720250000000,3720500000000,24,11,15,9',
      '1609160400006246513,1609160400006146661,1,1,5482,T,A,0,3720250000000,1,128,18858,1170364,3720250000000,9223372036854775807,24,0,15,0',
      '1609160400006346513,1609160400006246661,1,1,5482,R,N,0,9223372036854775807,0,8,18858,1170365,9223372036854775807,9223372036854775807,0,0,0,0',
    ],
    rows: ['ESH1 3720.375 35 3720.25 3720.5 2020-12-28T13:00:00.006 GLBX.MDP3 BBO', 'ESH1 3720.25 1 3720.25 - 2020-12-28T13:00:00.006 GLBX.MDP3 TRADE'],
    leftOut: { 'order books cleared': 1 },
  },
  {
    title: "Dukascopy: the header states the zone, the days come first", name: 'EURUSD_Ticks_31.07.2011-31.07.2011.csv', mapping: 'dukascopy', flags: { 'size-scale': '100' },
    lines: ['Gmt time,Ask,Bid,AskVolume,BidVolume', '31.07.2011 23:00:00.652,1.4409,1.4405,2.25,1.13', '31.07.2011 23:00:00.885,1.44091,1.4405,2.25,1.5'],
    rows: ['EURUSD 1.4407 338 1.4405 1.4409 2011-07-31T23:00:00.652 DUKASCOPY QUOTE', 'EURUSD 1.440705 375 1.4405 1.44091 2011-07-31T23:00:00.885 DUKASCOPY QUOTE'],
  },
  {
    title: "Dukascopy's local times state their offset", name: 'usdjpy.csv', mapping: 'dukascopy', flags: { symbol: 'USDJPY', 'size-scale': '100' },
    lines: ['Local time,Ask,Bid,AskVolume,BidVolume', '01.12.2017 00:00:00.192 GMT+0100,112.5,112.25,1,1'],
    rows: ['USDJPY 112.375 200 112.25 112.5 2017-11-30T23:00:00.192 DUKASCOPY QUOTE'],
  },
  {
    title: 'quotes of nobody in particular, with semicolons and the zone stated', name: 'quotes.csv', mapping: 'bid-ask', flags: { symbol: 'EURUSD', exchange: 'BANK', 'time-zone': '+02:00' },
    lines: ['DateTime;Bid;Ask', '20140502 143000123;1.38694;1.38705'],
    rows: ['EURUSD 1.386995 0 1.38694 1.38705 2014-05-02T12:30:00.123 BANK QUOTE'],
  },
  {
    title: 'trades of nobody in particular: date and time apart, many symbols', name: 'prints.csv', mapping: 'trades', flags: newYork,
    lines: ['Date,Time,Ticker,Last,Qty,Venue', '2024-03-08,09:30:00.5,AAPL,170.1,100,XNAS', '2024-03-11,09:30:00.5,MSFT,400.2,7,'],
    rows: ['AAPL 170.1 100 - - 2024-03-08T14:30:00.500 XNAS TRADE', 'MSFT 400.2 7 - - 2024-03-11T13:30:00.500 - TRADE'],
  },
  {
    title: "Tapewright's own columns come through as they are", name: 'own.jsonl', mapping: 'market-data',
    lines: ['{"symbol":"A","price":10.5,"volume":9007199254740993,"bid":10.25,"ask":null,"timestamp":1772461800000,"exchange":"X","event_type":"QUOTE"}'],
    rows: ['A 10.5 9007199254740993 10.25 - 2026-03-02T14:30:00.000 X QUOTE'],
  },
  {
    title: 'LOBSTER messages alone: only the trades', name: 'AAPL_2012-06-21_34200000_57600000_message_1.csv', mapping: 'lobster', flags: newYork,
    lines: ['34200.004241176,1,16113575,18,5853300,1', '34200.025551909,4,16113584,18,5859100,-1', '34201.2,7,0,0,-1,-1', '34201.25,5,0,100,5859200,1'],
    rows: ['AAPL 585.91 18 - - 2012-06-21T13:30:00.025 NASDAQ TRADE', 'AAPL 585.92 100 - - 2012-06-21T13:30:01.250 NASDAQ TRADE'],
    leftOut: { 'orders submitted, changed or deleted (name the orderbook file too for their bid and ask)': 1, 'trading halts': 1 },
  },
  {
    title: 'Daily TAQ trades: pipes, the date in the name, cancelled trades left out', name: 'EQY_US_ALL_TRADE_20180103', mapping: 'taq', flags: newYork,
    lines: [
      'Time|Exchange|Symbol|Sale Condition|Trade Volume|Trade Price|Trade Stop Stock Indicator|Trade Correction Indicator|Sequence Number',
      '093000417837000|Z|A|@|300|45.88|N|00|1231', '093001004985000|N|A| O  |10017|45.91|N|08|1329', '040000000000001|P|BRK B|@ T|5|45.5|N|00|17',
    ],
    rows: ['BRK B 45.5 5 - - 2018-01-03T09:00:00.000 P TRADE', 'A 45.88 300 - - 2018-01-03T14:30:00.417 Z TRADE'],
    leftOut: { 'trades that were cancelled or corrected': 1 },
  },
  {
    title: 'TAQ quotes from WRDS: a share class, hours of one digit, a side without a price', name: 'taq.csv', mapping: 'taq', flags: newYork,
    lines: ['DATE,TIME_M,EX,BID,BIDSIZ,ASK,ASKSIZ,QU_COND,SYM_ROOT,SYM_SUFFIX', '20120103,9:30:00.123456789,T,75.1,3,75.2,4,R,BRK,B', '20120103,9:30:01.5,T,0,0,75.2,4,R,XOM,'],
    rows: ['BRK.B 75.15 7 75.1 75.2 2012-01-03T14:30:00.123 T QUOTE', 'XOM - 4 - 75.2 2012-01-03T14:30:01.500 T QUOTE'],
  },
];

for (const { title, name, lines, flags, mapping, rows, leftOut } of examples) {
  test(title, async (context) => {
    const { rows: found, result } = await imported(directoryFor(context), name, `${lines.join('\n')}\n`, flags);
    assert.deepEqual(found, rows);
    assert.deepEqual(result.files.map((file) => file.mapping), [mapping]);
    assert.deepEqual(result.rejected, {});
    assert.deepEqual(result.leftOut, leftOut ?? {});
  });
}

test('LOBSTER messages with their order book: every message is a row with bid and ask', async (context) => {
  const directory = directoryFor(context);
  const paths = filesIn(directory, {
    'AAPL_2012-06-21_34200000_57600000_orderbook_1.csv': '5859400,200,5853300,18\n5859100,18,5853300,18\n9999999999,0,5853300,18\n',
    'AAPL_2012-06-21_34200000_57600000_message_1.csv': '34200.004241176,1,16113575,18,5853300,1\n34200.025551909,1,16113584,18,5859100,-1\n34200.1,4,16113584,18,5859100,-1\n',
  });
  const { path } = await importFiles(directory, paths, newYork);
  assert.deepEqual(await rowsOf(path), [
    'AAPL 585.635 218 585.33 585.94 2012-06-21T13:30:00.004 NASDAQ BBO', 'AAPL 585.62 36 585.33 585.91 2012-06-21T13:30:00.025 NASDAQ BBO',
    'AAPL 585.91 18 585.33 - 2012-06-21T13:30:00.100 NASDAQ TRADE',
  ]);
  await assert.rejects(importFiles(directory, [paths[0]!], { out: join(directory, 'book'), ...newYork }), /no times of its own; name the message file/);
  const [message, book] = filesIn(directory, { 'B_2012-06-21_1_2_message_1.csv': '34200.5,1,1,18,5853300,1\n', 'B_2012-06-21_1_2_orderbook_1.csv': '1,2,3,4\n1,2,3,4\n' });
  await assert.rejects(importFiles(directory, [message!, book!], { out: join(directory, 'uneven'), ...newYork }), /differ in their number of rows/);
});

test("Lean's equities are ten-thousandths told by the folders; its archives may be nested in them", async (context) => {
  const directory = directoryFor(context);
  const folder = join(directory, 'equity', 'usa', 'tick', 'spy');
  mkdirSync(folder, { recursive: true });
  const trades = '34200123,1681400,100,P,@,0\n34200500.5,1681500,10,Q,@,1\n';
  const quotes = '34200100,1681300,3,1681400,4,P,,0\n34200101,0,0,1681400,4,P,,0\n';
  const paths = filesIn(folder, { '20131007_trade.zip': zip({ '20131007_spy_tick_trade.csv': trades }), '20131007_quote.zip': zip({ '20131007_spy_tick_quote.csv': quotes }, { stored: true }) });
  const { path, leftOut } = await importFiles(directory, paths, newYork);
  assert.deepEqual(await rowsOf(path), [
    'SPY 168.135 7 168.13 168.14 2013-10-07T13:30:00.100 P QUOTE', 'SPY - 4 - 168.14 2013-10-07T13:30:00.101 P QUOTE', 'SPY 168.14 100 - - 2013-10-07T13:30:00.123 P TRADE',
  ]);
  assert.deepEqual(leftOut, { 'marked as suspicious': 1 });
  const [loose] = filesIn(directory, { '20131007_spy_tick_trade.csv': trades });
  await assert.rejects(importFiles(directory, [loose!], { out: join(directory, 'loose'), ...newYork }), /ten-thousandths depends on the kind of security/);
});

test('Lean: crypto trades are decimals with sizes to be scaled', async (context) => {
  const directory = directoryFor(context);
  const { rows } = await imported(directory, 'crypto_coinbase_tick_btcusd_20240101_trade.zip', zip({ '20240101_btcusd_tick_trade.csv': '10,42000.01,0.5,0\n' }), { 'time-zone': 'UTC', 'size-scale': '1e1' });
  assert.deepEqual(rows, ['BTCUSD 42000.01 5 - - 2024-01-01T00:00:00.010 COINBASE TRADE']);
});

/** Numbers in billionths, as NautilusTrader's 8-byte and 16-byte builds write them. */
function fixed(text: string, bytes: 8 | 16): string {
  const places = bytes === 8 ? 9 : 16;
  const [whole, fraction = ''] = text.split('.') as [string, string?];
  const buffer = Buffer.alloc(bytes);
  const value = BigInt(whole + fraction.padEnd(places, '0'));
  for (let at = 0; at < bytes; at += 1) buffer[at] = Number((value >> BigInt(8 * at)) & 255n);
  return `unhex('${buffer.toString('hex')}')`;
}

test('NautilusTrader: fixed-point bytes of both builds, the instrument from metadata or folder', async (context) => {
  const directory = directoryFor(context);
  const folder = join(directory, 'data', 'quote_tick', 'EURUSD.SIM');
  mkdirSync(folder, { recursive: true });
  const [trades, quotes] = [join(directory, 'trades.parquet'), join(folder, 'part-0.parquet')];
  const duck = await openDuck({ directories: [directory] });
  try {
    const at = '1704067200123456789::UBIGINT AS ts_event, 1704067200123999999::UBIGINT AS ts_init';
    await textRows(duck.connection, `COPY (SELECT ${fixed('42000.01', 16)} AS price, ${fixed('0.00000001', 16)} AS size, 1::UTINYINT AS aggressor_side, '7' AS trade_id, ${at})
      TO ${quoteText(trades)} (FORMAT parquet, KV_METADATA {instrument_id: 'BTCUSDT.BINANCE', price_precision: '2'})`);
    await textRows(duck.connection, `COPY (SELECT ${fixed('1.10001', 8)} AS bid_price, ${fixed('1.10003', 8)} AS ask_price, ${fixed('1', 8)} AS bid_size, ${fixed('2.5', 8)} AS ask_size, ${at}) TO ${quoteText(quotes)} (FORMAT parquet)`);
  } finally {
    duck.close();
  }
  const { path } = await importFiles(directory, [trades, quotes], { 'size-scale': '1e8' });
  assert.deepEqual(await rowsOf(path), [
    'BTCUSDT 42000.01 1 - - 2024-01-01T00:00:00.123 BINANCE TRADE', 'EURUSD 1.10002 350000000 1.10001 1.10003 2024-01-01T00:00:00.123 SIM QUOTE',
  ]);
});

test('gzip, a zip archive and the plain file give the same rows', async (context) => {
  const directory = directoryFor(context);
  const text = 'time,symbol,price,size\r\n1704067200000,A,1.5,2\r\n1704067200001,B,2.5,3';
  const plain = await imported(directory, 'a.csv', text, { out: join(directory, 'plain') });
  assert.equal(plain.rows.length, 2);
  assert.deepEqual((await imported(directory, 'b.csv.gz', gzip(text), { out: join(directory, 'gzip') })).rows, plain.rows);
  assert.deepEqual((await imported(directory, 'c.zip', zip({ 'folder/c.csv': text }), { out: join(directory, 'zip') })).rows, plain.rows);
});

test('Parquet with plain columns: numbers keep all their digits, and a timestamp without a zone waits for one', async (context) => {
  const directory = directoryFor(context);
  const path = join(directory, 'ticks.parquet');
  const duck = await openDuck({ directories: [directory] });
  try {
    await textRows(duck.connection, `COPY (SELECT * FROM (VALUES
      ('A', 1284.2350000000001::DOUBLE, 12345678.87654321::DECIMAL(18, 8), TIMESTAMP '2024-01-02 09:30:00.123456'), ('A', 0.1::DOUBLE, 0.1::DECIMAL(18, 8), NULL)) AS ticks(symbol, price, size, "timestamp"))
      TO ${quoteText(path)} (FORMAT parquet)`);
  } finally {
    duck.close();
  }
  await assert.rejects(importFiles(directory, [path], { 'size-scale': '1e8' }), /'2024-01-02 09:30:00.123456' state no zone/);
  const { path: folder, rejected } = await importFiles(directory, [path], { 'size-scale': '1e8', 'time-zone': 'UTC' });
  assert.deepEqual(await rowsOf(folder), ['A 1284.2350000000001 1234567887654321 - - 2024-01-02T09:30:00.123 - TRADE']);
  assert.deepEqual(rejected, { 'it has no time': 1 });
});
