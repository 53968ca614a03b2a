import { describe, expect, it } from '@jest/globals';
import { openApiPathOf, withoutNames } from '../../src/swagger/open-api-path.js';

describe('openApiPathOf', () => {
  it.each([
    ['/', '/'],
    ['/orders', '/orders'],
    ['/orders/:id', '/orders/{id}'],
    ['/orders/:orderId/lines/:lineId', '/orders/{orderId}/lines/{lineId}'],
    ['/files/*path', '/files/{path}'],
    ['/files/{*path}', '/files/{path}'],
    ['/files/*', '/files/{path}'],
    ['/files/(.*)', '/files/{path}'],
    ['/orders{/:id}', '/orders/{id}'],
    ['/orders/:"order id"', '/orders/{order id}'],
    ['/from/:from-:to', '/from/{from}-{to}'],
    ['/orders/:id(^\\d+$)', '/orders/{id}'],
    ['/time/12::30', '/time/12:30'],
    ['/time/12[:]30', '/time/12:30'],
    ['/time/12\\:30', '/time/12:30'],
  ])('gives %s as %s', (path, expected) => {
    expect(openApiPathOf(path)).toBe(expected);
  });
});

describe('withoutNames', () => {
  it('keeps what differs in more than names apart', () => {
    expect(withoutNames('/orders/{id}')).toBe(withoutNames('/orders/{number}'));
    expect(withoutNames('/orders/{id}')).not.toBe(withoutNames('/orders/{id}/lines'));
    expect(withoutNames('/orders/{id}')).not.toBe(withoutNames('/orders/id'));
  });
});
