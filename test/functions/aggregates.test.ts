import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sqlType, typeName } from '../../src/core/types.js';
import { isAggregateName, resolveAggregate } from '../../src/functions/aggregates.js';
import { decimal, place, refusal } from './evaluate.js';

test('aggregates have Flink\'s result types', () => {
  const typeOf = (name: string, type: Parameters<typeof resolveAggregate>[1]): string => typeName(resolveAggregate(name, type, false, place).type);
  assert.equal(typeOf('COUNT', null), 'BIGINT NOT NULL');
  assert.equal(typeOf('SUM', sqlType('INT', false)), 'INT');
  assert.equal(typeOf('SUM', sqlType('BIGINT')), 'BIGINT');
  assert.equal(typeOf('SUM', decimal('1.50').type), 'DECIMAL(38, 2)');
  assert.equal(typeOf('AVG', sqlType('BIGINT')), 'BIGINT');
  assert.equal(typeOf('AVG', decimal('1.50').type), 'DECIMAL(38, 6)');
  assert.equal(typeOf('AVG', decimal('1', 20, 8).type), 'DECIMAL(38, 8)');
  assert.equal(typeOf('AVG', sqlType('FLOAT')), 'FLOAT');
  assert.equal(typeOf('STDDEV_POP', sqlType('INT')), 'INT');
  assert.equal(typeOf('VAR_SAMP', sqlType('DOUBLE')), 'DOUBLE');
  assert.equal(resolveAggregate('STDDEV', sqlType('DOUBLE'), false, place).name, 'STDDEV_SAMP');
  assert.match(refusal(() => resolveAggregate('SUM', sqlType('STRING'), false, place)), /SUM takes a number, not STRING/);
  assert.match(refusal(() => resolveAggregate('LISTAGG', sqlType('STRING'), false, place)), /SQL_UNSUPPORTED/);
  assert.deepEqual(['SUM', 'LISTAGG', 'ABS'].map(isAggregateName), [true, true, false]);
});
