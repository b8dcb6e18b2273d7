/** Rows of the ledger's four tables, as text of JSON: what a connector with JSON payloads writes of PostgreSQL's types. */

/** Amounts are in ten-thousandths, prices in cents, times in microseconds since 1970. */
export interface Account {
  readonly id: number;
  balance: number;
  version: number;
  updatedAt: number;
}

export interface Position {
  readonly account: number;
  readonly symbol: string;
  quantity: number;
  /** Of the last fill. */
  price: number;
  updatedAt: number;
}

export interface Order {
  id: number;
  readonly reference: string;
  readonly account: number;
  readonly symbol: string;
  readonly side: 'B' | 'S';
  readonly quantity: number;
  filled: number;
  readonly price: number;
  status: 'NEW' | 'FILLED' | 'CANCELLED';
  /** Long: PostgreSQL keeps it out of the row, and a change that does not touch it leaves it out. */
  readonly notes: string | null;
  /** Where it goes to: a column that is added in the course of the day. */
  readonly venue: string | null;
  readonly placedAt: number;
  updatedAt: number;
}

export interface Leg {
  readonly id: number;
  /** The same for both legs of a fill or a transfer. */
  readonly reference: string;
  readonly account: number;
  readonly order: number | null;
  readonly amount: number;
  readonly kind: 'TRADE' | 'TRANSFER';
  readonly createdAt: number;
}

const unavailable = '__debezium_unavailable_value';

/** A decimal of `digits` places from a whole number of its last one. */
function decimal(units: number, digits: number): string {
  const text = String(Math.abs(units)).padStart(digits + 1, '0');
  return `"${units < 0 ? '-' : ''}${text.slice(0, -digits)}.${text.slice(-digits)}"`;
}

const zoned = (micros: number, digits: 3 | 6): string => {
  const millis = new Date(Math.floor(micros / 1000)).toISOString().slice(0, -1);
  return `"${millis}${digits === 6 ? String(micros % 1000).padStart(3, '0') : ''}Z"`;
};

/** Orders are good for the month. */
const goodTill = 20_544;

export const accountKey = ({ id }: Account): string => `{"account_id":${id}}`;
export const positionKey = ({ account, symbol }: Position): string => `{"account_id":${account},"symbol":"${symbol}"}`;
export const orderKey = ({ id }: Pick<Order, 'id'>): string => `{"order_id":${id}}`;
export const legKey = ({ id }: Leg): string => `{"id":${id}}`;

export const accountText = ({ id, balance, version, updatedAt }: Account): string =>
  `{"account_id":${id},"currency":"USD","balance":${decimal(balance, 4)},"version":${version},"updated_at":${zoned(updatedAt, 6)}}`;

export const positionText = ({ account, symbol, quantity, price, updatedAt }: Position): string =>
  `{"account_id":${account},"symbol":"${symbol}","quantity":${quantity},"avg_price":${decimal(price * 10_000, 6)},"is_short":${quantity < 0},"updated_at":${zoned(updatedAt, 6)}}`;

export const legText = ({ id, reference, account, order, amount, kind, createdAt }: Leg): string =>
  `{"id":${id},"tx_ref":"${reference}","account_id":${account},"order_id":${order},"amount":${decimal(amount, 4)},"kind":"${kind}","created_at":${zoned(createdAt, 6)}}`;

/** `isTouched`: whether the change is one of the notes, too. `hasVenue`: whether the column is there yet. */
export function orderText(order: Order, isTouched: boolean, hasVenue: boolean): string {
  const notes = order.notes === null ? 'null' : JSON.stringify(isTouched ? order.notes : unavailable);
  return (
    `{"order_id":${order.id},"client_ref":"${order.reference}","account_id":${order.account},"symbol":"${order.symbol}","side":"${order.side}","quantity":${order.quantity},` +
    `"filled_quantity":${order.filled},"limit_price":${decimal(order.price * 100, 4)},"price_double":${order.price / 100},"status":"${order.status}","tags":["ledger"],` +
    `"meta":"{\\"k\\": ${order.id % 10}}","good_till":${goodTill},"notes":${notes},"placed_at":${order.placedAt},"updated_at":${zoned(order.updatedAt, 3)}${hasVenue ? `,"venue":${JSON.stringify(order.venue)}` : ''}}`
  );
}

/** What stands for the order before it was deleted: under the default replica identity the log has only its key. */
export const orderFiller = ({ id }: Pick<Order, 'id'>, hasVenue: boolean): string =>
  `{"order_id":${id},"client_ref":"","account_id":0,"symbol":"","side":"","quantity":0,"filled_quantity":0,"limit_price":null,"price_double":null,"status":"NEW","tags":null,` +
  `"meta":null,"good_till":null,"notes":null,"placed_at":0,"updated_at":"1970-01-01T00:00:00.000Z"${hasVenue ? ',"venue":null' : ''}}`;
